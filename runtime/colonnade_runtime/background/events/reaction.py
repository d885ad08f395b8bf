"""One event, one reaction: the effect and its inbox row in one transaction."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, cast
from uuid import UUID

from colonnade.crash_points import crash_point, reach
from colonnade.decoding import decoded
from colonnade.events import BoundReaction, Envelope, Event, Work
from colonnade.store import Session, SqlStore
from colonnade_runtime.background.events import dead_letters, inbox
from colonnade_runtime.background.events.inbox import AlreadyHandled

REACTED = crash_point(
    "delivery.reacted", "an async reaction did its outside part; its effect is not committed"
)
HANDLED = crash_point(
    "delivery.handled", "the effect and its inbox row are committed; nothing is acknowledged"
)


@dataclass(frozen=True, slots=True)
class Claim:
    """Takes an event for handling within the transaction of its effect.

    `replays` says that the inbox row is there already, because the event was given up before.
    """

    take: Callable[[Session], None]
    replays: bool = False


def first_claim(consumer: str, event_id: UUID) -> Claim:
    """Claim an event that comes from the bus. Raises `AlreadyHandled` when taken again."""

    def take(session: Session) -> None:
        inbox.claim(session, consumer, event_id)

    return Claim(take)


def replay_claim(identifier: UUID) -> Claim:
    """Claim an event that was given up. Raises `AlreadyReplayed` when taken again."""

    def take(session: Session) -> None:
        dead_letters.claim_replay(session, identifier)

    return Claim(take, replays=True)


@dataclass(frozen=True, slots=True)
class Reaction:
    """A service's reaction, ready to be run in a context."""

    consumer: str
    bound: BoundReaction
    store: SqlStore

    def event(self, envelope: Envelope) -> Event:
        """The event in an envelope.

        Raises:
            Unreadable: it does not fit the contract.
        """
        return decoded(self.bound.event_type.model.decode, bytes(envelope.data))

    async def run(self, event: Event, event_id: UUID, claim: Claim) -> None:
        """Handle `event`; when this raises, nothing has happened in the store.

        Raises:
            AlreadyHandled, AlreadyReplayed: from the claim.
            Exception: whatever the reaction raises.
        """
        if self.bound.is_asynchronous and not claim.replays:
            await self._refuse_repetition(event_id)
        effect = await self._effect(event)

        def work(session: Session) -> None:
            claim.take(session)
            if effect is not None:
                effect(session)

        await self.store.run(work)
        reach(HANDLED)

    async def _refuse_repetition(self, event_id: UUID) -> None:
        # Its outside part would reach the world once more before the inbox row refuses it.
        if await self.store.read(inbox.has_handled(self.consumer, event_id)):
            raise AlreadyHandled(f"{self.consumer} has handled {event_id} before.")

    async def _effect(self, event: Event) -> Work | None:
        call: Callable[..., Any] = self.bound.call
        if not self.bound.is_asynchronous:
            return lambda session: call(session, event)
        effect = await call(event)
        reach(REACTED)
        return cast("Work | None", effect)
