"""The transitions of a saga, as pure functions from one progress to the next.

Every rule about what may follow what is here; nothing here reads a clock or a store.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum, auto

from colonnade.errors import (
    ColonnadeError,
    Conflict,
    DeadlineExceeded,
    InternalError,
    TooManyRequests,
    Unavailable,
)
from colonnade.sagas import RetryRule, Saga, SagaPhase, SagaReason
from colonnade_runtime.background.sagas.saga_progress import SagaProgress
from colonnade_runtime.observability.failures import failure_in_words

ERROR_LIMIT = 2000
"""Characters of an error that are kept."""


class Failure(Enum):
    """Failure of an action, by whether it may have happened."""

    REFUSED = auto()
    """It did not happen and will not: a business error."""
    ABSENT = auto()
    """It did not happen and may be tried again."""
    UNCERTAIN = auto()
    """It may have happened."""


def classify(error: BaseException) -> Failure:
    """Classify `error`; anything that was not raised on purpose is uncertain."""
    if isinstance(error, Unavailable | TooManyRequests):
        return Failure.ABSENT
    if isinstance(error, DeadlineExceeded | InternalError) or not isinstance(error, ColonnadeError):
        return Failure.UNCERTAIN
    return Failure.REFUSED if error.status < 500 else Failure.UNCERTAIN


def sentence_of(error: BaseException) -> str:
    """An error as it is kept."""
    if isinstance(error, ColonnadeError):
        return str(SagaReason.of(error))[:ERROR_LIMIT]
    return failure_in_words(error)[:ERROR_LIMIT]


@dataclass(frozen=True, slots=True)
class TransitionContext:
    """Context of a transition: all that it depends on beside the progress. `goes_on` says that the
    orchestrator will run the next action at once, so that it may be noted as started. `key` is the
    saga's id: the pauses of sagas that failed together are spread by it."""

    saga: Saga
    now: datetime
    goes_on: bool = True
    key: str = ""


def begin(context: TransitionContext, progress: SagaProgress) -> SagaProgress:
    """Note that the action is about to run."""
    return progress.but(phase=SagaPhase.RUNNING, started=True, wake_at=context.now)


def release(progress: SagaProgress, now: datetime) -> SagaProgress:
    """Take back that the action was noted as started: the process stops before it runs."""
    return progress.but(started=False, wake_at=now)


def cut_off(context: TransitionContext, progress: SagaProgress) -> SagaProgress:
    """Go on from the end of a process in which the action may have been under way."""
    step = context.saga.steps[progress.step]
    if step.idempotent:
        return progress.but(started=False, uncertain=True, wake_at=context.now)
    error = "The process ended while the step was under way; it may have happened."
    return _unknown(context, progress, error)


def done(
    context: TransitionContext, progress: SagaProgress, state: bytes | None = None
) -> SagaProgress:
    """Go on to the next step: this one happened."""
    known = progress.but(
        state=progress.state if state is None else state,
        started=False,
        uncertain=False,
        attempts=0,
        questions=0,
        error="",
    )
    reason = known.wants_back(context.saga, context.now)
    is_last = progress.step == len(context.saga.steps) - 1
    if is_last and not known.cancel_requested:
        reason = ""
    if reason and progress.step < context.saga.pivot:
        return turn_back(context, known, reason, done_through=progress.step)
    return _enter(context, known, progress.step + 1)


def failed(
    context: TransitionContext, progress: SagaProgress, failure: Failure, error: str
) -> SagaProgress:
    """Decide what follows from an action that raised: again later, turn back, or find out."""
    step = context.saga.steps[progress.step]
    tried = progress.but(attempts=progress.attempts + 1, error=error, started=False)
    if failure is Failure.UNCERTAIN:
        if not step.idempotent:
            return _unknown(context, tried, error)
        tried = tried.but(uncertain=True)
    if progress.is_past_pivot(context.saga):
        return _later(context, tried, step.retry, tried.attempts)
    reason = tried.wants_back(context.saga, context.now)
    if failure is Failure.REFUSED or tried.attempts >= step.retry.attempts:
        reason = reason or error
    if not reason:
        return _later(context, tried, step.retry, tried.attempts)
    if failure is Failure.REFUSED and step.pivot and step.resolve is None:
        # The same key got a definite answer, so no earlier try of it happened either.
        tried = tried.but(uncertain=False)
    return give_up(context, tried, reason)


def give_up(context: TransitionContext, progress: SagaProgress, reason: str) -> SagaProgress:
    """Turn back from a step that failed, unless it is a pivot that may have happened."""
    if not progress.uncertain:
        return turn_back(context, progress, reason, done_through=progress.step - 1)
    if progress.step == context.saga.pivot:
        return _unknown(context, progress, reason)
    return turn_back(context, progress, reason, done_through=progress.step)


def resolved(
    context: TransitionContext,
    progress: SagaProgress,
    verdict: bool | None,
    error: str,
    state: bytes | None = None,
) -> SagaProgress:
    """Go on from a verdict whether the step happened; None says that nobody can tell."""
    if verdict:
        return done(context, progress, state)
    if verdict is None:
        asked = progress.but(questions=progress.questions + 1, error=error)
        rule = context.saga.persistence
        if asked.questions >= rule.attempts and not asked.is_past_pivot(context.saga):
            return needs_operator(asked, error)
        return _later(context, asked, rule, asked.questions)
    settled = progress.but(
        phase=SagaPhase.RUNNING, started=False, uncertain=False, questions=0, wake_at=context.now
    )
    if settled.is_past_pivot(context.saga):
        return settled
    step = context.saga.steps[progress.step]
    reason = settled.wants_back(context.saga, context.now)
    if settled.attempts >= step.retry.attempts:
        reason = reason or settled.error
    if reason:
        return turn_back(context, settled, reason, done_through=progress.step - 1)
    return settled


def expired(context: TransitionContext, progress: SagaProgress) -> SagaProgress:
    """Give up waiting for a signal that did not come in time."""
    step = context.saga.steps[progress.step]
    error = f"'{step.wait_for}' did not arrive within {step.wait_seconds or 0:g} seconds."
    if progress.is_past_pivot(context.saga):
        return needs_operator(progress, error)
    return turn_back(context, progress, error, done_through=progress.step - 1)


def turn_back(
    context: TransitionContext, progress: SagaProgress, reason: str, *, done_through: int
) -> SagaProgress:
    """Compensate every step up to and including `done_through`."""
    back = progress.but(
        backward=True, started=False, uncertain=False, attempts=0, questions=0,
        reason=reason[:ERROR_LIMIT],
    )  # fmt: skip
    return _undo_from(context, back, done_through)


def undone(
    context: TransitionContext, progress: SagaProgress, state: bytes | None = None
) -> SagaProgress:
    """Go on to the compensation before this one."""
    known = progress.but(state=progress.state if state is None else state, attempts=0, error="")
    return _undo_from(context, known, progress.step - 1)


def undo_failed(context: TransitionContext, progress: SagaProgress, error: str) -> SagaProgress:
    """Try a compensation that raised again, up to its limit of attempts."""
    rule = context.saga.persistence
    tried = progress.but(attempts=progress.attempts + 1, error=error)
    if tried.attempts >= rule.attempts:
        return needs_operator(tried, error)
    return _later(context, tried, rule, tried.attempts)


def needs_operator(progress: SagaProgress, error: str) -> SagaProgress:
    """Pause the saga until an operator resumes or cancels it."""
    return progress.but(
        phase=SagaPhase.NEEDS_OPERATOR,
        paused_phase=str(progress.phase),
        wake_at=None,
        error=error[:ERROR_LIMIT],
    )


def resume(
    context: TransitionContext, progress: SagaProgress, happened: bool | None
) -> SagaProgress:
    """An operator lets the saga go on; `happened` settles whether the current step did.

    Raises:
        Conflict: when the saga does not wait for an operator, or only `happened` helps.
    """
    if progress.phase is not SagaPhase.NEEDS_OPERATOR:
        raise Conflict(f"The saga is {progress.phase}; only one that needs an operator resumes.")
    paused = SagaPhase(progress.paused_phase)
    awake = progress.but(
        phase=paused, paused_phase="", attempts=0, questions=0, error="", wake_at=context.now
    )
    if paused is not SagaPhase.UNKNOWN:
        return _wait(context, awake) if paused is SagaPhase.WAITING else awake
    step = context.saga.steps[progress.step]
    if happened is None and step.resolve is None:
        raise Conflict(
            f"Nobody but you can tell whether the step '{step.name}' happened: find out, and "
            "resume with --happened or --did-not-happen."
        )
    return awake if happened is None else resolved(context, awake, happened, "")


def request_cancel(context: TransitionContext, progress: SagaProgress) -> SagaProgress:
    """Note that the saga is to be undone; where it rests, begin at once.

    Raises:
        Conflict: when it has ended, or the pivot is done or may be.
    """
    if progress.phase.has_ended:
        raise Conflict(f"The saga is {progress.phase} already.")
    if progress.backward:
        return progress
    pivot = context.saga.pivot
    if progress.step > pivot:
        raise Conflict(
            f"The step '{context.saga.steps[pivot].name}' is done, and after it nothing is undone."
        )
    open_question = progress.started or progress.uncertain or progress.phase is SagaPhase.UNKNOWN
    if progress.step == pivot and (open_question or progress.paused_phase == SagaPhase.UNKNOWN):
        raise Conflict(
            f"The step '{context.saga.steps[pivot].name}', after which nothing is undone, may have "
            "happened: try again when that is known."
        )
    if progress.phase is not SagaPhase.NEEDS_OPERATOR:
        return progress.but(cancel_requested=True, wake_at=context.now)
    may_have_happened = open_question or progress.paused_phase == SagaPhase.UNKNOWN
    last = progress.step if may_have_happened else progress.step - 1
    canceled = progress.but(cancel_requested=True, paused_phase="")
    return turn_back(context, canceled, "It was canceled.", done_through=last)


def _enter(context: TransitionContext, progress: SagaProgress, index: int) -> SagaProgress:
    entered = progress.but(step=index, started=False)
    if index == len(context.saga.steps):
        return entered.but(phase=SagaPhase.COMPLETED, wake_at=None)
    if context.saga.steps[index].wait_for is not None:
        return _wait(context, entered.but(phase=SagaPhase.WAITING))
    return entered.but(phase=SagaPhase.RUNNING, started=context.goes_on, wake_at=context.now)


def _wait(context: TransitionContext, progress: SagaProgress) -> SagaProgress:
    step = context.saga.steps[progress.step]
    seconds = step.wait_seconds
    expiry = None if seconds is None else context.now + timedelta(seconds=seconds)
    at = _earlier(context, progress, expiry)
    return progress.but(waits_for=step.wait_for, wake_at=at)


def _later(
    context: TransitionContext, progress: SagaProgress, rule: RetryRule, attempt: int
) -> SagaProgress:
    at = context.now + timedelta(seconds=rule.pause(attempt, context.key))
    return progress.but(wake_at=_earlier(context, progress, at))


def _earlier(
    context: TransitionContext, progress: SagaProgress, at: datetime | None
) -> datetime | None:
    """Earlier of `at` and the deadline of the saga, where that still counts."""
    counts = not progress.backward and not progress.is_past_pivot(context.saga)
    if not counts or progress.phase is SagaPhase.UNKNOWN or progress.deadline_at is None:
        return at
    return progress.deadline_at if at is None else min(at, progress.deadline_at)


def _unknown(context: TransitionContext, progress: SagaProgress, error: str) -> SagaProgress:
    step = context.saga.steps[progress.step]
    unknown = progress.but(phase=SagaPhase.UNKNOWN, started=False, error=error, questions=0)
    if step.resolve is None:
        return needs_operator(unknown, error)
    return unknown.but(wake_at=context.now)


def _undo_from(context: TransitionContext, progress: SagaProgress, index: int) -> SagaProgress:
    while index >= 0 and context.saga.steps[index].compensation is None:
        index -= 1
    if index >= 0:
        return progress.but(phase=SagaPhase.COMPENSATING, step=index, wake_at=context.now)
    ended = SagaPhase.CANCELED if progress.cancel_requested else SagaPhase.COMPENSATED
    return progress.but(phase=ended, step=0, wake_at=None)
