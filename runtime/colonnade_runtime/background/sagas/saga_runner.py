"""Runner of one saga: carries it on until it waits, ends or needs an operator."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, TypeVar
from uuid import UUID

from pydantic import ValidationError

from colonnade.context import use_context
from colonnade.control_store import LeaseLost
from colonnade.crash_points import crash_point, reach
from colonnade.errors import DeadlineExceeded, InternalError, Unavailable
from colonnade.events import Work
from colonnade.messages import Message
from colonnade.sagas import Resolution, SagaPhase, Step, StepCall, StepOutcome
from colonnade.store import Session
from colonnade_runtime.background.acting.acting_store import ActingStore
from colonnade_runtime.background.acting.lease_fence import LeaseFence
from colonnade_runtime.background.sagas import records, transitions
from colonnade_runtime.background.sagas.binding import BoundSaga
from colonnade_runtime.background.sagas.saga_progress import SagaProgress, SagaRecord
from colonnade_runtime.background.sagas.steps_done import StepsDone, local_steps_after
from colonnade_runtime.background.sagas.transitions import (
    Failure,
    TransitionContext,
    classify,
    sentence_of,
)

T = TypeVar("T")

BEGUN = crash_point("saga.begun", "a step may begin; its action has not run")
ACTED = crash_point("saga.acted", "the action of a step is done; that is not recorded")
RECORDED = crash_point("saga.recorded", "a transition is committed; nothing followed from it")
ASKED = crash_point("saga.asked", "it is known whether a step happened; that is not recorded")
UNDONE = crash_point("saga.undone", "a compensation is done; that is not recorded")

Rule = Callable[[TransitionContext, SagaProgress], SagaProgress]


@dataclass(frozen=True, slots=True)
class RunnerResources:
    """Resources that all runners of a service share."""

    store: ActingStore
    definitions: Mapping[tuple[str, int], BoundSaga]
    fence: LeaseFence
    stopping: asyncio.Event
    log: Any


class SagaRunner:
    """Runner of one saga. `suspect` says that an earlier process may have run an
    idempotent step of it without a note."""

    def __init__(
        self, surroundings: RunnerResources, tenant: str, identifier: UUID, *, suspect: bool
    ) -> None:
        self._shared = surroundings
        self._tenant = tenant
        self._id = identifier
        self._suspect = suspect
        self._ours = False

    async def run(self) -> datetime | None:
        """Carry it on; answers when to look at it again."""
        record = await self._read(records.load(self._id))
        while True:
            following = await self._advance(record)
            if following is None:
                return record.progress.wake_at
            record = following

    async def _advance(self, record: SagaRecord) -> SagaRecord | None:
        progress = record.progress
        if not progress.phase.is_active:
            return None
        if self._shared.stopping.is_set():
            return await self._let_go(record)
        bound = self._shared.definitions.get((record.name, record.definition_version))
        if bound is None:
            return await self._no_definition(record)
        if progress.phase is SagaPhase.RUNNING:
            return await self._running(record, bound)
        if progress.phase is SagaPhase.WAITING:
            return await self._waiting(record, bound)
        if not progress.is_due(self._now()):
            return None
        if progress.phase is SagaPhase.UNKNOWN:
            return await self._find_out(record, bound)
        return await self._compensate(record, bound)

    async def _let_go(self, record: SagaRecord) -> SagaRecord | None:
        if self._ours and record.progress.started:
            # Otherwise the next process would have to take the step for cut off.
            self._ours = False
            await self._change(record, transitions.release)
        return None

    async def _no_definition(self, record: SagaRecord) -> SagaRecord:
        error = (
            f"No enabled plugin defines the saga '{record.name}' in version "
            f"{record.definition_version}: install the release that does, then resume."
        )
        return await self._change(record, lambda p, now: transitions.needs_operator(p, error))

    async def _running(self, record: SagaRecord, bound: BoundSaga) -> SagaRecord | None:
        progress = record.progress
        step = record.current(bound.definition)
        if progress.started:
            if self._ours:
                return await self._act(record, bound)
            return await self._commit(record, bound, transitions.cut_off)
        if not progress.is_due(self._now()):
            return None
        reason = progress.wants_back(bound.definition, self._now())
        if reason:
            return await self._commit(record, bound, lambda m, p: transitions.give_up(m, p, reason))
        if step.idempotent and not step.pivot:
            return await self._act(record, bound)
        return await self._begin(record, bound)

    async def _waiting(self, record: SagaRecord, bound: BoundSaga) -> SagaRecord | None:
        progress = record.progress
        step = record.current(bound.definition)
        reason = progress.wants_back(bound.definition, self._now())
        if reason:
            return await self._commit(record, bound, lambda m, p: transitions.give_up(m, p, reason))
        if await self._signal(step) is not None:
            return await self._begin(record, bound)
        if step.wait_seconds is not None and progress.is_due(self._now()):
            return await self._commit(record, bound, transitions.expired)
        return None

    async def _begin(self, record: SagaRecord, bound: BoundSaga) -> SagaRecord:
        begun = await self._commit(record, bound, transitions.begin)
        self._ours = True
        return begun

    async def _act(self, record: SagaRecord, bound: BoundSaga) -> SagaRecord:
        step = record.current(bound.definition)
        reach(BEGUN, step.name)
        try:
            call = await self._call(record, bound, step.name, "")
            outcome = await self._within(step, record, bound.action(record.progress.step)(call))
            outcome = outcome or StepOutcome()
            state = _encoded(bound, outcome.state)
        except Exception as error:
            return await self._failed(record, bound, classify(error), error)
        reach(ACTED, step.name)
        return await self._record_done(record, bound, outcome, state)

    async def _record_done(
        self, record: SagaRecord, bound: BoundSaga, outcome: StepOutcome, state: bytes | None
    ) -> SagaRecord:
        try:
            following = await self._commit_done(record, bound, outcome, state)
        except (records.Moved, LeaseLost, Unavailable):
            raise
        except Exception as error:
            if outcome.work is None:
                raise
            # The action is done and its effect here cannot be: nobody knows what holds now.
            return await self._failed(record, bound, Failure.UNCERTAIN, error)
        self._ours = following.progress.started
        return following

    async def _commit_done(
        self, record: SagaRecord, bound: BoundSaga, outcome: StepOutcome, state: bytes | None
    ) -> SagaRecord:
        """Record that a step is done, and the local steps after it, in one transaction."""
        done = StepsDone([(state, outcome.work)])
        for index in local_steps_after(bound.definition, record.progress.step):
            if not await self._add_local(record, bound, done, index):
                break
        if len(done.steps) > 1:
            try:
                return await self._commit(record, bound, done.rule, done.effect)
            except (records.Moved, LeaseLost, Unavailable):
                raise
            except Exception as error:
                # Which of them it was is found out one by one.
                self._log(record, bound, "local saga step failed", error, perhaps=False)
                del done.steps[1:]
        return await self._commit(record, bound, done.rule, done.effect)

    async def _add_local(
        self, record: SagaRecord, bound: BoundSaga, done: StepsDone, index: int
    ) -> bool:
        """Run the action of a local step; False when it is to be run by itself."""
        step = bound.definition.steps[index]
        context = TransitionContext(bound.definition, self._now(), key=str(self._id))
        progress = done.rule(context, record.progress)
        if self._shared.stopping.is_set() or progress.step != index or progress.backward:
            return False
        there = replace(record, progress=progress)
        reach(BEGUN, step.name)
        try:
            call = await self._call(there, bound, step.name, "")
            outcome = await self._within(step, there, bound.action(index)(call)) or StepOutcome()
            state = _encoded(bound, outcome.state)
        except Exception as error:
            self._log(there, bound, "local saga step failed", error, perhaps=False)
            return False
        reach(ACTED, step.name)
        done.steps.append((state, outcome.work))
        return True

    async def _failed(
        self, record: SagaRecord, bound: BoundSaga, failure: Failure, error: Exception
    ) -> SagaRecord:
        sentence = sentence_of(error)
        perhaps = self._may_have_happened(record, bound, failure)
        self._log(record, bound, "saga step failed", error, perhaps=perhaps)

        def rule(context: TransitionContext, progress: SagaProgress) -> SagaProgress:
            return transitions.failed(context, progress, failure, sentence)

        self._ours = False
        return await self._commit(record, bound, rule)

    async def _find_out(self, record: SagaRecord, bound: BoundSaga) -> SagaRecord:
        step = record.current(bound.definition)
        error = record.progress.error
        try:
            call = await self._call(record, bound, step.name, "")
            resolve = bound.resolve(record.progress.step)
            resolution = await self._within(step, record, resolve(call))
            state = _encoded(bound, resolution.outcome.state)
        except Exception as failure:
            error = sentence_of(failure)
            self._log(record, bound, "saga step cannot be resolved", failure, perhaps=True)
            resolution, state = Resolution.cannot_tell(), None
        reach(ASKED, step.name)

        def rule(context: TransitionContext, progress: SagaProgress) -> SagaProgress:
            return transitions.resolved(context, progress, resolution.verdict, error, state)

        try:
            following = await self._commit(record, bound, rule, resolution.outcome.work)
        except (records.Moved, LeaseLost, Unavailable):
            raise
        except Exception as failure:
            error = sentence_of(failure)
            resolution = Resolution.cannot_tell()
            following = await self._commit(record, bound, rule)
        self._ours = following.progress.started
        return following

    async def _compensate(self, record: SagaRecord, bound: BoundSaga) -> SagaRecord:
        step = record.current(bound.definition)
        try:
            call = await self._call(record, bound, step.name, ":compensate")
            undo = bound.compensation(record.progress.step)
            outcome = await self._within(step, record, undo(call)) or StepOutcome()
            state = _encoded(bound, outcome.state)
            reach(UNDONE, step.name)
            return await self._commit(
                record, bound, lambda m, p: transitions.undone(m, p, state), outcome.work
            )
        except (records.Moved, LeaseLost):
            raise
        except Exception as error:
            sentence = sentence_of(error)
            perhaps = classify(error) is Failure.UNCERTAIN
            self._log(record, bound, "saga compensation failed", error, perhaps=perhaps)
        return await self._commit(
            record, bound, lambda m, p: transitions.undo_failed(m, p, sentence)
        )

    async def _within(self, step: Step, record: SagaRecord, acting: Awaitable[T]) -> T:
        context = self._shared.store.actor.context(
            self._tenant,
            seconds=step.timeout,
            cause=str(self._id),
            traceparent=record.traceparent,
            locale=record.locale,
            on_behalf_of=record.on_behalf_of,
        )
        limit = asyncio.timeout(step.timeout)
        try:
            with use_context(context):
                async with limit:
                    return await acting
        except TimeoutError:
            if not limit.expired():
                raise
            raise DeadlineExceeded(
                f"The step '{step.name}' took more than {step.timeout:g} seconds."
            ) from None

    async def _call(self, record: SagaRecord, bound: BoundSaga, step: str, suffix: str) -> StepCall:
        progress = record.progress
        try:
            state = bound.definition.state.decode(progress.state)
        except ValidationError as error:
            raise InternalError(f"The saga's state does not fit its model: {error}") from error
        return StepCall(
            saga_id=self._id,
            saga=record.name,
            step=step,
            idempotency_key=f"{self._id}:{step}{suffix}",
            attempt=progress.attempts + 1,
            state=state,
            reason=progress.reason,
            signal=await self._signal(record.current(bound.definition)),
        )

    async def _signal(self, step: Step) -> Mapping[str, Any] | None:
        if step.wait_for is None:
            return None
        return await self._read(records.signal(self._id, step.wait_for))

    async def _commit(
        self, record: SagaRecord, bound: BoundSaga, rule: Rule, effect: Work | None = None
    ) -> SagaRecord:
        step = record.current(bound.definition)
        goes_on = not self._shared.stopping.is_set()
        suspect = self._suspects(record, step)

        def change(progress: SagaProgress, now: datetime) -> SagaProgress:
            known = progress.but(uncertain=True) if suspect else progress
            return rule(TransitionContext(bound.definition, now, goes_on, str(self._id)), known)

        following = await self._change(record, change, effect)
        self._suspect = False
        return following

    async def _change(
        self, record: SagaRecord, change: records.Change, effect: Work | None = None
    ) -> SagaRecord:
        work = records.transition(record, change, effect, self._shared.fence)
        following = await self._shared.store.run(self._tenant, work)
        reach(RECORDED)
        return following

    async def _read(self, work: Callable[[Session], T]) -> T:
        return await self._shared.store.read(self._tenant, work)

    def _now(self) -> datetime:
        return self._shared.store.actor.clock.now()

    def _suspects(self, record: SagaRecord, step: Step) -> bool:
        """Tell whether a process before this one may have run the step without a note of it."""
        return self._suspect and step.idempotent and not record.progress.backward

    def _may_have_happened(self, record: SagaRecord, bound: BoundSaga, failure: Failure) -> bool:
        """Tell whether this try of the step or an earlier one may have happened."""
        step = record.current(bound.definition)
        if failure is Failure.REFUSED and step.pivot and step.resolve is None:
            return False
        earlier = record.progress.uncertain or self._suspects(record, step)
        return earlier or failure is Failure.UNCERTAIN

    def _log(
        self, record: SagaRecord, bound: BoundSaga, what: str, error: Exception, *, perhaps: bool
    ) -> None:
        self._shared.log.warning(
            what,
            saga=record.name,
            saga_id=str(self._id),
            tenant=self._tenant,
            step=record.current(bound.definition).name,
            attempt=record.progress.attempts + 1,
            happened="perhaps" if perhaps else "no",
            error=error,
        )


def _encoded(bound: BoundSaga, state: Message | None) -> bytes | None:
    if state is None:
        return None
    if type(state) is not bound.definition.state:
        raise InternalError(
            f"A step of '{bound.definition.name}' returned {type(state).__name__} as its state, "
            f"not {bound.definition.state.__name__}."
        )
    return state.encode()
