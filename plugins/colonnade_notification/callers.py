"""Who asks, as notifications see it."""

from uuid import UUID

from colonnade.context import PrincipalKind
from colonnade.errors import Forbidden
from colonnade.operations import Call


def person(call: Call) -> UUID:
    """The person who asks.

    Raises:
        Forbidden: a service or an API key asks.
    """
    principal = call.context.principal
    if principal.kind is not PrincipalKind.USER:
        raise Forbidden("Only a person has notifications; sign in as one.")
    return UUID(principal.id)
