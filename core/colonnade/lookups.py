"""Finding rows by id, and saying the same whether a thing is absent or hidden."""

from typing import TypeVar
from uuid import UUID

from colonnade.errors import ColonnadeError, NotFound
from colonnade.operations import Call
from colonnade.policy import ResourceType
from colonnade.rows import ConstraintViolated, Row
from colonnade.store import Session

RowT = TypeVar("RowT", bound=Row)


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
        raise absent(resource_type.name)
    call.require(session, resource_type, row)
    return row


def changeable(
    session: Session, call: Call, resource_type: ResourceType, model: type[RowT], row_id: UUID
) -> RowT:
    """Find a row like `permitted`, and hold its `version` against `If-Match`.

    Raises:
        PreconditionFailed: the client read another version.
    """
    row = permitted(session, call, resource_type, model, row_id)
    call.check_version(row.version)  # type: ignore[attr-defined]
    return row


def require_new(
    session: Session, call: Call, resource_type: ResourceType, row: object, parent: str
) -> None:
    """Hold the call's decision against an object about to be made inside a `parent`.

    Raises:
        NotFound: the caller may not read what it belongs to, and hears what they would hear if
            there were no such parent.
        Forbidden: the caller may read it, and no more.
    """
    try:
        call.require(session, resource_type, row)
    except NotFound as error:
        raise type(error)(absent(parent).message) from None


def flush(session: Session, conflict: ColonnadeError) -> None:
    """Write what is pending; a uniqueness that a concurrent writer took becomes `conflict`."""
    try:
        session.flush()
    except ConstraintViolated:
        raise conflict from None
