"""Delivery: an event from the bus reaches a service's reactions, exactly once in effect."""

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

from colonnade.bus import Bus, Consumer
from colonnade.decoding import Unreadable
from colonnade.errors import ColonnadeError, Conflict, Unavailable
from colonnade.events import BoundReaction, Envelope
from colonnade.identifiers import is_tenant_id
from colonnade.store import SqlStore
from colonnade_runtime.background.acting.acting_store import ActingStore
from colonnade_runtime.background.acting.actor import Actor
from colonnade_runtime.background.events import dead_letters, inbox
from colonnade_runtime.background.events.dead_letters import (
    AlreadyReplayed,
    EventDeadLetter,
    sentence_of,
)
from colonnade_runtime.background.events.event_handler import (
    DeliveryCounts,
    DeliverySettings,
    EventHandler,
)
from colonnade_runtime.background.events.event_origin import origin_mismatch
from colonnade_runtime.background.events.ports import TenantlessDeadLetters
from colonnade_runtime.background.events.reaction import Reaction, replay_claim
from colonnade_runtime.calls.tenant_states import StateOfTenant, TenantState


class EventDelivery:
    """Brings events to the reactions of one service, and keeps what they gave up.

    `consumers` are those reactions by the name that their inbox rows carry.
    """

    def __init__(
        self,
        reactions: Sequence[BoundReaction],
        store: SqlStore,
        letters: TenantlessDeadLetters,
        state_of: StateOfTenant,
        actor: Actor,
        log: Any,
        settings: DeliverySettings | None = None,
    ) -> None:
        self.counts = DeliveryCounts()
        self._settings = settings or DeliverySettings()
        self._store = ActingStore(actor, store)
        self._letters = letters
        self._state_of = state_of
        self._actor = actor
        self._log = log
        self._stopping = asyncio.Event()
        self.consumers: dict[str, EventHandler] = {}
        for bound in reactions:
            reaction = Reaction(f"{actor.service}:{bound.name}", bound, store)
            self.consumers[reaction.consumer] = EventHandler(
                reaction, actor, self._settings, self.counts, self._stopping, log
            )

    async def start(self, bus: Bus) -> None:
        """Take events from `bus` from now on."""
        for name, handling in self.consumers.items():

            async def deliver(data: bytes, handling: EventHandler = handling) -> None:
                await self._deliver(handling, data)

            await bus.consume(Consumer(name, handling.reaction.bound.event_type.type, deliver))

    def stop(self) -> None:
        """Begin no further attempt. What waits for its next one goes back to where it came from,
        what runs goes on; nothing becomes a dead letter because of a stop."""
        self._stopping.set()

    async def dead_letters(
        self, tenant: str, *, replayed: bool = False, limit: int = 100
    ) -> Sequence[EventDeadLetter]:
        """The oldest dead letters of a tenant; replayed ones only when asked for."""
        return await self._store.read(tenant, dead_letters.listing(replayed=replayed, limit=limit))

    async def dead_letter(self, tenant: str, identifier: UUID) -> EventDeadLetter:
        """One dead letter.

        Raises:
            NotFound: when the tenant has none of this id.
        """
        return await self._store.read(tenant, dead_letters.show(identifier))

    async def discard(self, tenant: str, identifier: UUID) -> None:
        """Remove a dead letter; its event counts as handled.

        Raises:
            NotFound: when the tenant has none of this id.
        """
        await self._store.run(tenant, dead_letters.discard(identifier))

    async def replay(self, tenant: str, identifier: UUID) -> None:
        """Deliver a dead letter once more, now, on the same path as any event.

        Raises:
            NotFound: when the tenant has none of this id.
            Conflict: when it was replayed before, its consumer is gone, or it failed again; it
                then stays, with the new error.
        """
        letter = await self.dead_letter(tenant, identifier)
        handling = self.consumers.get(letter.consumer)
        if handling is None:
            raise Conflict(
                f"The consumer '{letter.consumer}' of dead letter {identifier} does not exist any "
                "more: discard the letter, or bring the reaction back under this name."
            )
        if letter.replayed_at is not None:
            raise AlreadyReplayed(f"Dead letter {identifier} was replayed at {letter.replayed_at}.")
        try:
            await self._replay(handling, letter)
        except AlreadyReplayed:
            raise
        except Exception as error:
            failed = dead_letters.note_failure(identifier, sentence_of(error))
            await self._store.run(tenant, failed)
            raise Conflict(f"The replay failed again: {sentence_of(error)}") from error

    async def deliver_again(self, consumer: str, data: bytes) -> None:
        """Deliver what was kept because it named no tenant, now that its tenant may be known.

        Raises:
            Conflict: the consumer is gone, it is no event, or its tenant is still not known.
            Unavailable: its tenant is suspended.
        """
        handling = self.consumers.get(consumer)
        if handling is None:
            raise Conflict(f"The consumer '{consumer}' does not exist any more.")
        try:
            envelope = Envelope.decode(data)
        except Unreadable as error:
            raise Conflict(f"It is no event, so no replay helps: {error}.") from None
        wrong = origin_mismatch(envelope, handling.reaction.bound.event_type)
        if wrong is not None:
            raise Conflict(f"{wrong} Find out who published it, and discard the letter.")
        state = TenantState.UNKNOWN
        if is_tenant_id(envelope.tenant):
            state = self._state_of(envelope.tenant)
        if state is TenantState.SUSPENDED:
            raise Unavailable(f"The tenant '{envelope.tenant}' is suspended; replay it later.")
        if state is not TenantState.ACTIVE:
            raise Conflict(
                f"The tenant '{envelope.tenant[:64]}' is not known here, or does not use this "
                "service: declare it first, or discard the letter."
            )
        await handling.handle(envelope, data)

    async def deliver_past(self, consumer: str, data: bytes) -> bool:
        """Deliver an event out of a service's archive to one consumer; False when it has handled
        it before, or its tenant does not use this service.

        Raises:
            Conflict: the consumer is gone, or it is no event.
            Unavailable: its tenant is suspended.
        """
        try:
            envelope = Envelope.decode(data)
        except Unreadable as error:
            raise Conflict(f"It is no event: {error}.") from None
        if self._state_of(envelope.tenant) is TenantState.UNKNOWN:
            return False
        handled = inbox.has_handled(consumer, envelope.id)
        if await self._store.read(envelope.tenant, handled):
            return False
        await self.deliver_again(consumer, data)
        return True

    async def prune_inbox(self, tenant: str) -> int:
        """Forget events that were handled longer ago than the inbox remembers; how many."""
        before = self._actor.clock.now() - timedelta(seconds=self._settings.remembered)
        return await self._store.prune(tenant, lambda limit: inbox.prune(before, limit))

    async def _replay(self, handling: EventHandler, letter: EventDeadLetter) -> None:
        envelope = Envelope.decode(letter.envelope)
        event = handling.reaction.event(envelope)
        await handling.run_once(event, envelope, replay_claim(letter.id))
        self.counts.handled += 1

    async def _deliver(self, handling: EventHandler, data: bytes) -> None:
        if self._stopping.is_set():
            raise Unavailable("The process stops; the event is delivered again later.")
        try:
            envelope = Envelope.decode(data)
        except Unreadable as error:
            return await self._keep_tenantless(handling, data, sentence_of(error))
        wrong = origin_mismatch(envelope, handling.reaction.bound.event_type)
        if wrong is not None:
            return await self._keep_tenantless(handling, data, wrong)
        state = TenantState.UNKNOWN
        if is_tenant_id(envelope.tenant):
            state = self._state_of(envelope.tenant)
        if state is TenantState.ACTIVE:
            return await self._handle(handling, envelope, data)
        if state is TenantState.SUSPENDED:
            raise Unavailable(f"The tenant '{envelope.tenant}' is suspended; its events wait.")
        if state is TenantState.DISABLED:
            self.counts.passed_over += 1
            return None
        unknown = f"The tenant '{envelope.tenant[:64]}' is not known here."
        return await self._keep_tenantless(handling, data, unknown)

    async def _handle(self, handling: EventHandler, envelope: Envelope, data: bytes) -> None:
        try:
            await handling.handle(envelope, data)
        except ColonnadeError:
            # The store cannot be used now, or the process stops: the event waits.
            raise
        except Exception as error:
            # Not even its dead letter could be written where it belongs.
            await self._keep_tenantless(handling, data, sentence_of(error))

    async def _keep_tenantless(self, handling: EventHandler, data: bytes, error: str) -> None:
        consumer = handling.reaction.consumer
        identifier = await self._letters.keep_dead_letter(consumer, data, error)
        self.counts.dead += 1
        self._log.error(
            "event kept as a dead letter in the control store",
            consumer=consumer,
            dead_letter=str(identifier),
            error=error,
        )
