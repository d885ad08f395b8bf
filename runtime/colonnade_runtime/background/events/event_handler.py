"""Trying an event until it is handled, and giving it up when that does not help."""

import asyncio
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from colonnade.backoff import Backoff
from colonnade.context import use_context
from colonnade.crash_points import crash_point, reach
from colonnade.decoding import Unreadable
from colonnade.errors import TooManyRequests, Unavailable
from colonnade.events import Envelope, Event, handling
from colonnade.waiting import until
from colonnade_runtime.background.acting.actor import Actor
from colonnade_runtime.background.events import dead_letters
from colonnade_runtime.background.events.dead_letters import UnhandledEvent, sentence_of
from colonnade_runtime.background.events.inbox import REMEMBERED_SECONDS, AlreadyHandled, TooOld
from colonnade_runtime.background.events.reaction import Claim, Reaction, first_claim

GIVEN_UP = crash_point(
    "delivery.given_up", "a dead letter and its inbox row are committed; nothing is acknowledged"
)


@dataclass(frozen=True, slots=True)
class DeliverySettings:
    """Settings of retries: how often and how long an event is tried.

    A reaction that fails is tried `attempts` times. `Unavailable` and `TooManyRequests` say that
    nothing happened and are not counted: such an event is tried for `patience` seconds. One
    attempt may take `seconds`; `parallel` of them run at once per consumer. The inbox remembers
    events for `remembered` seconds.
    """

    attempts: int = 8
    patience: float = 3600.0
    seconds: float = 30.0
    parallel: int = 16
    backoff: Backoff = field(default_factory=lambda: Backoff(first=0.1, cap=30.0))
    remembered: float = REMEMBERED_SECONDS


@dataclass(slots=True)
class DeliveryCounts:
    """Counts of events by what became of them, since the process started."""

    handled: int = 0
    repeated: int = 0
    retried: int = 0
    dead: int = 0
    passed_over: int = 0


class ReactionEnded(Exception):
    """A reaction raised what ends tasks or processes, and nobody had asked for that."""


@dataclass(slots=True)
class _Attempts:
    started: float
    failures: int = 0
    attempts: int = 0


class EventHandler:
    """Handles the events of one consumer."""

    def __init__(
        self,
        reaction: Reaction,
        actor: Actor,
        settings: DeliverySettings,
        counts: DeliveryCounts,
        stopping: asyncio.Event,
        log: Any,
    ) -> None:
        self.reaction = reaction
        self._actor = actor
        self._settings = settings
        self._counts = counts
        self._stopping = stopping
        self._log = log.bind(consumer=reaction.consumer)
        self._slots = asyncio.Semaphore(settings.parallel)

    async def handle(self, envelope: Envelope, data: bytes) -> None:
        """Handle the event or write its dead letter.

        Raises:
            Unavailable: when neither could be done, or the process stops.
        """
        trial = _Attempts(self._actor.clock.monotonic())
        try:
            event = self.reaction.event(envelope)
            self._refuse_old(envelope)
        except (Unreadable, TooOld) as error:
            return await self._give_up(envelope, data, error, trial)
        claim = first_claim(self.reaction.consumer, envelope.id)
        while True:
            failure = await self._try(event, envelope, claim, trial)
            if failure is None:
                return None
            if self._is_hopeless(failure, trial):
                return await self._give_up(envelope, data, failure, trial)
            await self._wait(failure, envelope, trial)

    async def run_once(self, event: Event, envelope: Envelope, claim: Claim) -> None:
        """Run the reaction in a context of its own, for at most `seconds`.

        Raises:
            AlreadyHandled, AlreadyReplayed: from the claim.
            Exception: whatever the reaction raises; nothing has happened in the store.
        """
        try:
            await self._run_once(event, envelope, claim)
        except Exception:
            raise
        except BaseException as error:
            raise _failure_of(error) from error

    async def _run_once(self, event: Event, envelope: Envelope, claim: Claim) -> None:
        context = self._actor.context(
            envelope.tenant,
            seconds=self._settings.seconds,
            cause=str(envelope.id),
            traceparent=envelope.traceparent,
        )
        with use_context(context), handling(envelope):
            async with asyncio.timeout(self._settings.seconds):
                await self.reaction.run(event, envelope.id, claim)

    async def _try(
        self, event: Event, envelope: Envelope, claim: Claim, trial: _Attempts
    ) -> Exception | None:
        async with self._slots:
            if self._stopping.is_set():
                raise Unavailable("The process stops; the event is delivered again later.")
            trial.attempts += 1
            try:
                await self.run_once(event, envelope, claim)
            except AlreadyHandled:
                self._counts.repeated += 1
            except Exception as error:
                return error
            else:
                self._counts.handled += 1
        return None

    def _is_hopeless(self, failure: Exception, trial: _Attempts) -> bool:
        if isinstance(failure, Unavailable | TooManyRequests):
            waited = self._actor.clock.monotonic() - trial.started
            return waited > self._settings.patience
        trial.failures += 1
        return trial.failures >= self._settings.attempts

    def _refuse_old(self, envelope: Envelope) -> None:
        age = self._actor.clock.now() - envelope.time
        if age <= timedelta(seconds=self._settings.remembered):
            return
        raise TooOld(
            f"The event was written on {envelope.time:%Y-%m-%d}, before the inbox's memory begins: "
            "replay it if it was not handled then, discard it if it was."
        )

    async def _wait(self, failure: Exception, envelope: Envelope, trial: _Attempts) -> None:
        self._counts.retried += 1
        seconds = self._settings.backoff.after(trial.attempts, self._actor.random)
        self._log.warning(
            "reaction failed, trying again",
            event_id=str(envelope.id),
            tenant=envelope.tenant,
            attempt=trial.attempts,
            seconds=round(seconds, 3),
            error=failure,
        )
        await until(self._stopping, seconds)

    async def _give_up(
        self, envelope: Envelope, data: bytes, failure: Exception, trial: _Attempts
    ) -> None:
        given_up = UnhandledEvent(
            id=self._actor.new_id(),
            consumer=self.reaction.consumer,
            event_id=envelope.id,
            type=envelope.type,
            envelope=data,
            error=sentence_of(failure),
            attempts=trial.attempts,
        )
        with use_context(self._actor.context(envelope.tenant, seconds=self._settings.seconds)):
            try:
                await self.reaction.store.run(dead_letters.write(given_up))
            except AlreadyHandled:
                self._counts.repeated += 1
                return
        reach(GIVEN_UP)
        self._counts.dead += 1
        self._log.error(
            "event given up; it is a dead letter now",
            event_id=str(envelope.id),
            tenant=envelope.tenant,
            dead_letter=str(given_up.id),
            error=failure,
        )


def _failure_of(error: BaseException) -> Exception:
    """The failure of a reaction that raised no `Exception`.

    Raises:
        BaseException: `error`, when it is not the reaction's.
    """
    task = asyncio.current_task()
    was_asked = task is not None and task.cancelling() > 0
    is_own = isinstance(error, asyncio.CancelledError) and not was_asked
    # A panic of a library written in Rust has no class that could be imported.
    if is_own or isinstance(error, SystemExit) or type(error).__name__ == "PanicException":
        return ReactionEnded(f"The reaction raised {sentence_of(error)}")
    raise error
