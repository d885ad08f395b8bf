"""Dead letters as operators work on them, wherever they are kept."""

from dataclasses import dataclass
from typing import Any, Protocol
from uuid import UUID

import msgspec

from colonnade.control_store import TenantlessDeadLetter
from colonnade.decoding import Unreadable, is_deeper
from colonnade.events import Envelope, event_type_of
from colonnade_runtime.admin.commands.masking import masked_json
from colonnade_runtime.admin.commands.registry import AdminCall
from colonnade_runtime.background.background_work import BackgroundWork
from colonnade_runtime.background.events.dead_letters import EventDeadLetter
from colonnade_runtime.background.service_dead_letters import ServiceDeadLetter

SHOWN_LEVELS = 64
"""Levels of a JSON value that are shown as such; of what is deeper, the bytes."""

SHOWN_BYTES = 100_000
"""Describe bytes that are no such value."""


class DeadLetterEntry(Protocol):
    """One dead letter of one service."""

    @property
    def id(self) -> UUID:
        """Id of the dead letter."""
        ...

    def shown(self) -> dict[str, Any]:
        """Row for a list."""
        ...

    def content(self, call: AdminCall, *, reveal: bool) -> dict[str, Any]:
        """Content; personal data stays hidden unless revealed."""
        ...

    async def replay(self) -> None:
        """Handle it once more."""
        ...

    async def discard(self) -> None:
        """Count it as handled."""
        ...


@dataclass(frozen=True, slots=True)
class EventEntry:
    """An event that a reaction gave up."""

    service: str
    work: BackgroundWork
    letter: EventDeadLetter

    @property
    def id(self) -> UUID:
        """Id of the dead letter."""
        return self.letter.id

    def shown(self) -> dict[str, Any]:
        """Row for a list."""
        letter = self.letter
        return {
            "id": letter.id,
            "service": self.service,
            "tenant": letter.tenant,
            "consumer": letter.consumer,
            "type": letter.type,
            "event_id": letter.event_id,
            "error": letter.error,
            "attempts": letter.attempts,
            "created_at": letter.created_at,
            "replayed_at": letter.replayed_at,
        }

    def content(self, call: AdminCall, *, reveal: bool) -> dict[str, Any]:
        """Content: its event."""
        return {"event": _event(self.letter.envelope, call, reveal=reveal)}

    async def replay(self) -> None:
        """Deliver it once more."""
        await self.work.delivery.replay(self.letter.tenant, self.letter.id)

    async def discard(self) -> None:
        """Discard it: its event counts as handled."""
        await self.work.delivery.discard(self.letter.tenant, self.letter.id)


@dataclass(frozen=True, slots=True)
class TenantlessEntry:
    """Dead letter of bytes that came over the bus and name no tenant known here."""

    service: str
    work: BackgroundWork
    letter: TenantlessDeadLetter

    @property
    def id(self) -> UUID:
        """Id of the dead letter."""
        return self.letter.id

    def shown(self) -> dict[str, Any]:
        """Row for a list."""
        letter = self.letter
        return {
            "id": letter.id,
            "service": self.service,
            "tenant": None,
            "consumer": letter.source,
            "type": None,
            "event_id": None,
            "error": letter.error,
            "attempts": 0,
            "created_at": letter.created_at,
            "replayed_at": None,
        }

    def content(self, call: AdminCall, *, reveal: bool) -> dict[str, Any]:
        """Content: its event, if it is one."""
        return {"event": _event(self.letter.payload, call, reveal=reveal)}

    async def replay(self) -> None:
        """Deliver it now that its tenant may be known."""
        await self.work.delivery.deliver_again(self.letter.source, self.letter.payload)
        await self.discard()

    async def discard(self) -> None:
        """Forget it."""
        await self.work.control.discard_dead_letter(self.letter.id)


@dataclass(frozen=True, slots=True)
class ServiceEntry:
    """Dead letter that the service itself gave up, beside events."""

    service: str
    work: BackgroundWork
    letter: ServiceDeadLetter

    @property
    def id(self) -> UUID:
        """Id of the dead letter."""
        return self.letter.letter.id

    def shown(self) -> dict[str, Any]:
        """Row for a list."""
        lost = self.letter.letter
        return {
            "id": lost.id,
            "service": self.service,
            "tenant": self.letter.tenant,
            "consumer": f"{self.service}:{self.letter.source.name}",
            "type": lost.type,
            "event_id": None,
            "error": lost.error,
            "attempts": lost.attempts,
            "created_at": lost.created_at,
            "replayed_at": None,
        }

    def content(self, call: AdminCall, *, reveal: bool) -> dict[str, Any]:
        """Content, as the service describes it."""
        return {"details": dict(self.letter.letter.details)}

    async def replay(self) -> None:
        """Replay it: the service does it once more."""
        await self.work.service_dead_letters.replay(self.letter)

    async def discard(self) -> None:
        """Discard it: it counts as done."""
        await self.work.service_dead_letters.discard(self.letter)


def _event(data: bytes, call: AdminCall, *, reveal: bool) -> Any:
    try:
        envelope = Envelope.decode(data)
    except Unreadable:
        return _raw(data) if reveal else f"{len(data)} bytes that are no event"
    if is_deeper(data, SHOWN_LEVELS):
        return _raw(data) if reveal else f"an event of more than {SHOWN_LEVELS} levels"
    shown: dict[str, Any] = msgspec.json.decode(data)
    if reveal:
        return shown
    models = {
        model
        for plugin in call.platform.plugins.every()
        for model in plugin.events
        if event_type_of(model).type == envelope.type
    }
    return shown | {"data": masked_json(bytes(envelope.data), models)}


def _raw(data: bytes) -> str:
    more = f" and {len(data) - SHOWN_BYTES} bytes more" if len(data) > SHOWN_BYTES else ""
    return repr(data[:SHOWN_BYTES]) + more
