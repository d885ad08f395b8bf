"""The rules of a saga as pure functions: what may follow what, explored at random."""

from datetime import UTC, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st
from shop.service import BLIND, PURCHASE, PurchaseState

from colonnade.errors import Conflict
from colonnade.identifiers import new_id
from colonnade.sagas import Saga, SagaPhase
from colonnade_runtime.background.sagas import transitions
from colonnade_runtime.background.sagas.saga_progress import SagaProgress
from colonnade_runtime.background.sagas.transitions import Failure, TransitionContext

START = datetime(2030, 1, 1, tzinfo=UTC)
OUTCOMES = st.sampled_from(["done", "refused", "absent", "uncertain", "cut_off", "cancel", "late"])


def fresh() -> SagaProgress:
    state = PurchaseState(order_id=new_id()).encode()
    return SagaProgress(
        SagaPhase.RUNNING, 0, state, wake_at=START, deadline_at=START + timedelta(days=1)
    )


def step(saga: Saga, progress: SagaProgress, outcome: str, now: datetime) -> SagaProgress:
    """One thing that may happen to a saga in this progress."""
    moment = TransitionContext(saga, now)
    if outcome == "cancel":
        try:
            return transitions.request_cancel(moment, progress)
        except Conflict:
            return progress
    if progress.phase is SagaPhase.NEEDS_OPERATOR:
        return transitions.resume(moment, progress, outcome == "done")
    if progress.phase is SagaPhase.COMPENSATING:
        if outcome == "done":
            return transitions.undone(moment, progress)
        return transitions.undo_failed(moment, progress, "stuck")
    if progress.phase is SagaPhase.UNKNOWN:
        verdict = {"done": True, "refused": False}.get(outcome)
        return transitions.resolved(moment, progress, verdict, "unclear")
    if outcome == "done":
        return transitions.done(moment, progress)
    if outcome == "cut_off":
        return transitions.cut_off(moment, progress)
    failure = {"refused": Failure.REFUSED, "absent": Failure.ABSENT}.get(outcome)
    return transitions.failed(moment, progress, failure or Failure.UNCERTAIN, outcome)


@settings(max_examples=300, deadline=None)
@given(st.lists(OUTCOMES, max_size=60), st.sampled_from([PURCHASE, BLIND]))
def test_no_order_of_events_breaks_a_rule(outcomes: list[str], saga: Saga) -> None:
    progress, now, pivot_done = fresh(), START, False
    for outcome in outcomes:
        if progress.phase.has_ended:
            break
        now += timedelta(days=2) if outcome == "late" else timedelta(seconds=1)
        following = step(saga, progress, outcome, now)
        if following.step > saga.pivot and not following.backward:
            pivot_done = True
        if pivot_done:
            assert not following.backward, "nothing is undone after the pivot"
        assert progress.backward <= following.backward, "a saga never turns round again"
        if following.backward and progress.backward:
            assert following.step <= progress.step, "compensation goes back"
        elif not following.backward and not progress.backward:
            assert 0 <= following.step - progress.step <= 1, "no step is skipped"
        waits_for_nobody = following.phase.is_active and following.wake_at is None
        assert not waits_for_nobody, "an active saga is looked at again"
        progress = following
    assert progress.phase is not SagaPhase.COMPLETED or pivot_done


@given(st.sampled_from([PURCHASE, BLIND]), st.integers(0, 2))
def test_a_refusal_before_the_pivot_compensates_only_earlier_steps(saga: Saga, index: int) -> None:
    progress = fresh().but(step=index, started=True)
    following = transitions.failed(TransitionContext(saga, START), progress, Failure.REFUSED, "no")
    assert following.backward
    assert following.step < index or following.phase is SagaPhase.COMPENSATED


@given(st.integers(1, 40))
def test_waiting_grows_to_its_cap_after_the_pivot(attempts: int) -> None:
    progress = fresh().but(step=3, attempts=attempts, started=True)
    following = transitions.failed(
        TransitionContext(PURCHASE, START), progress, Failure.ABSENT, "no"
    )
    assert following.phase is SagaPhase.RUNNING
    assert following.wake_at is not None
    assert following.wake_at - START <= timedelta(seconds=PURCHASE.steps[3].retry.cap)
