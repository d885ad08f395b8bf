"""Origin of an event: the source it claims, held against the subject that it came on."""

from colonnade.events import Envelope, EventType, event_source

_SHOWN = 120
"""Characters of what a stranger wrote that are repeated in a sentence."""


def origin_mismatch(envelope: Envelope, taken: EventType) -> str | None:
    """Explain why an envelope is not what its consumer takes; nothing when it is.

    A broker is told by whoever publishes on which subject an event goes. So one that carries the
    name of another service's event, or says that it comes from another, has no effect.
    """
    if envelope.type != taken.type:
        return f"It is of the type '{envelope.type[:_SHOWN]}' and came as '{taken.type}'."
    if envelope.source != event_source(envelope.tenant, taken.service):
        return (
            f"It says that it comes from '{envelope.source[:_SHOWN]}', and came as an event of the "
            f"service '{taken.service}' for the tenant '{envelope.tenant[:_SHOWN]}'."
        )
    return None
