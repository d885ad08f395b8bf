"""Events that every process hears as they are published, so that it verifies its callers anew."""

from collections.abc import Callable, Sequence
from typing import Any

import msgspec

from colonnade.bus import Bus
from colonnade.clock import Clock
from colonnade.context import use_context
from colonnade.events import Envelope, Event, EventType, event_type_of
from colonnade_runtime.background.acting.actor import Actor
from colonnade_runtime.background.events.event_origin import origin_mismatch

_SECONDS = 5.0


async def observe_principals(
    bus: Bus,
    service: str,
    models: Sequence[type[Event]],
    authenticators: Sequence[object],
    *,
    is_known: Callable[[str], bool],
    clock: Clock,
    log: Any,
) -> None:
    """Let the authenticators of a plugin hear its `principal_events` from now on.

    Those have a method `heard(event)`, which runs with the event's tenant in context.
    """
    listeners = [each.heard for each in authenticators if hasattr(each, "heard")]
    if not listeners:
        return
    actor = Actor(service, clock)
    for model in models:
        event_type = event_type_of(model)

        async def deliver(data: bytes, event_type: EventType = event_type) -> None:
            try:
                envelope = Envelope.decode(data)
                if origin_mismatch(envelope, event_type) is not None or not is_known(
                    envelope.tenant
                ):
                    return
                event = event_type.model.decode(bytes(envelope.data))
                with use_context(actor.context(envelope.tenant, seconds=_SECONDS)):
                    for listener in listeners:
                        listener(event)
            except (msgspec.MsgspecError, ValueError, LookupError) as error:
                # Nobody waits for an answer, and the event comes by the kept way, too.
                log.warning("event not heard", type=event_type.type, error=type(error).__name__)

        await bus.observe(event_type.type, deliver)
