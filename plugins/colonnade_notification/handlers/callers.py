"""Callers of operations on one's own notifications."""

from uuid import UUID

from colonnade.operations import Call


def person(call: Call) -> UUID:
    """The account of the person who calls.

    Raises:
        Forbidden: a service or an API key calls.
    """
    return call.require_person("Only a person has notifications; sign in as one.")
