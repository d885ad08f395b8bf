"""Reactions to events of other plugins, each of which becomes a message of a kind that they bring.

The class is made of what the enabled plugins answer to the hook `notifications`; its reactions are
stored as `PluginNews.<kind>`.
"""

from collections.abc import Callable, Coroutine, Mapping, Sequence
from itertools import islice
from typing import Any

from colonnade.errors import InternalError
from colonnade.events import Event, Work, reacts_to
from colonnade_notification.api import MAXIMUM_RECIPIENTS, NotificationKind
from colonnade_notification.delivery.announcer import Announcer
from colonnade_notification.reactions import in_one_unit

NAME = "PluginNews"
"""The first half of the stored names of these reactions."""


def brought_events(kinds: Sequence[NotificationKind]) -> Mapping[str, type[Event]]:
    """Stored name of each reaction, with its event."""
    return {f"{NAME}.{kind.name}": kind.event for kind in kinds}


def plugin_reactions(kinds: Sequence[NotificationKind], announcer: Announcer) -> object:
    """The object whose methods react to the events of `kinds`."""
    methods = {kind.name: _reaction(kind, announcer) for kind in kinds}
    made: object = type(NAME, (), methods)()
    return made


def _reaction(
    kind: NotificationKind, announcer: Announcer
) -> Callable[[Any, Any], Coroutine[Any, Any, Work | None]]:
    @reacts_to(kind.event)
    async def announced(self: object, event: Event) -> Work | None:
        recipients = list(dict.fromkeys(islice(kind.recipients(event), MAXIMUM_RECIPIENTS + 1)))
        if len(recipients) > MAXIMUM_RECIPIENTS:
            raise InternalError(
                f"The kind of message '{kind.name}' names more than {MAXIMUM_RECIPIENTS} people "
                "for one event: its plugin has to publish several."
            )
        told = [
            await announcer.announce(kind.name, each, _facts(kind, event)) for each in recipients
        ]
        works = [work for work in told if work is not None]
        return in_one_unit(works) if works else None

    return announced


def _facts(kind: NotificationKind, event: Event) -> dict[str, Any]:
    return event.model_dump(mode="json") if kind.facts is None else dict(kind.facts(event))
