"""Current session: the one whose access token the caller has shown."""

from uuid import UUID

from colonnade.operations import Call


def current_session(call: Call) -> UUID | None:
    """Id of the caller's session; None for callers without one, such as services."""
    session_id = call.context.principal.session_id
    return None if session_id is None else UUID(session_id)
