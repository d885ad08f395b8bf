"""Who asks, as notifications see it."""

from uuid import UUID

from colonnade.operations import Call


def person(call: Call) -> UUID:
    """The person who asks.

    Raises:
        Forbidden: a service or an API key asks.
    """
    return call.require_person("Only a person has notifications; sign in as one.")
