"""Local steps share the transaction of the step before them, unless something is wrong."""

from collections import Counter

import pytest
from shop.house import ShopHouse
from shop.service import ERRAND, PurchaseState

from colonnade.crash_points import watched_by
from colonnade.errors import ConfigurationError, Conflict, Unavailable
from colonnade.sagas import Saga, SagaPhase, Step, StepCall, StepOutcome
from colonnade.store import Session


async def recorded(house: ShopHouse) -> Counter[str]:
    """The crash points that an errand passes from its beginning to its end."""
    passed: Counter[str] = Counter()
    with watched_by(lambda name: passed.update([name])):
        order = await house.place(ERRAND)
        view = await house.until_ended(order)
    assert view.phase is SagaPhase.COMPLETED
    assert await house.order(order) == ("done", 1)
    assert house.world.names(str(order)) == {"activate": 1, "notify": 1}
    return passed


async def test_a_local_step_is_recorded_with_the_step_before_it(house: ShopHouse) -> None:
    passed = await recorded(house)
    assert (passed["saga.begun"], passed["saga.acted"], passed["saga.recorded"]) == (2, 2, 1)


async def test_one_whose_action_fails_is_tried_again_by_itself(house: ShopHouse) -> None:
    left = [Unavailable("Not now.")]

    def once(name: str) -> None:
        if name == "notify" and left:
            raise left.pop()

    house.world.before = once
    passed = await recorded(house)
    assert passed["saga.recorded"] == 2


async def test_one_whose_work_fails_is_tried_again_by_itself(
    house: ShopHouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    notify = house.shop.notify
    left = [Conflict("The order is locked.")]

    async def stubborn(call: StepCall) -> StepOutcome:
        outcome = await notify(call)
        work = outcome.work
        assert work is not None

        def twice(session: Session) -> None:
            work(session)
            if left:
                raise left.pop()

        return StepOutcome(work=twice)

    # The orchestrator holds bound methods, found when it was made.
    bound = house.sagas.definitions[(ERRAND.name, ERRAND.version)]
    monkeypatch.setitem(bound.methods, "notify", stubborn)  # type: ignore[arg-type]
    passed = await recorded(house)
    assert passed["saga.recorded"] == 2


@pytest.mark.parametrize(
    "step",
    [
        Step("tell", "tell", local=True),
        Step("tell", "tell", local=True, idempotent=True, pivot=True),
        Step("tell", "tell", local=True, idempotent=True, wait_for="told"),
    ],
)
def test_what_needs_a_note_of_its_own_is_not_local(step: Step) -> None:
    with pytest.raises(ConfigurationError, match="local"):
        Saga(name="errand", state=PurchaseState, steps=(step,))
