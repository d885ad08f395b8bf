"""Finding rows by id, and who asks."""

from typing import TypeVar
from uuid import UUID

from colonnade.context import PrincipalKind
from colonnade.errors import Forbidden, NotFound
from colonnade.operations import Call
from colonnade.policy import ResourceType
from colonnade.store import Session

RowT = TypeVar("RowT")


def absent(name: str) -> NotFound:
    """The error for a thing that is not there; the words are those for one that is hidden."""
    return NotFound(f"There is no such {name}, or none that you may see.")


def permitted(
    session: Session, call: Call, resource_type: ResourceType, model: type[RowT], row_id: UUID
) -> RowT:
    """The row of this id, if the call may do what it asks with it.

    Raises:
        NotFound: there is none, or none that the caller may read.
        Forbidden: the caller may read it, and no more.
    """
    row = session.get(model, row_id)
    if row is None:
        call.applied = True
        raise absent(resource_type.name)
    call.require(session, resource_type, row)
    return row


def person(call: Call) -> UUID:
    """The person who asks.

    Raises:
        Forbidden: a service or an API key asks.
    """
    principal = call.context.principal
    if principal.kind is not PrincipalKind.USER:
        raise Forbidden("Only a person has notifications; sign in as one.")
    return UUID(principal.id)
