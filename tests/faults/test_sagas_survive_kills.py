"""A process that is killed between, before and after any two transactions of a saga."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from uuid import UUID

import pytest
from shop.house import TENANT, ShopHouse
from shop.service import PURCHASE, expect_consistent

from colonnade.crash_points import crash_points
from colonnade.errors import Conflict, DeadlineExceeded, NotFound
from colonnade.sagas import SagaPhase

pytestmark = pytest.mark.faults

ORDER = UUID("01890000-0000-7000-8000-000000000001")
POINTS = ("saga.begun", "saga.acted", "saga.recorded", "store.flushed", "store.committed")
KILLED = -9

Child = Callable[[Callable[[], None], str], int]


def smooth(house: ShopHouse) -> None:
    """Nothing goes wrong but the process."""


def doubtful(house: ShopHouse) -> None:
    """The authorisation happens and its answer is lost."""

    def lose(name: str) -> None:
        if name == "authorise" and house.world.calls[name] == 1:
            raise DeadlineExceeded("Late.")

    house.world.after = lose


def refused(house: ShopHouse) -> None:
    """The capture is refused, so everything is undone."""

    def refuse(name: str) -> None:
        if name == "capture":
            raise Conflict("No money.")

    house.world.before = refuse


def live(folder: Path, trouble: Callable[[ShopHouse], None]) -> Callable[[], None]:
    """A process that starts the saga, unless it is there, and ends when the saga has."""

    async def main() -> None:
        house = ShopHouse(folder)
        trouble(house)
        await house.start()
        try:
            await house.sagas.show(TENANT, ORDER)
        except NotFound:
            await house.place(PURCHASE, ORDER)
        await house.until_ended(ORDER)
        await house.stop()

    return lambda: asyncio.run(main())


async def look(folder: Path) -> SagaPhase:
    house = ShopHouse(folder)
    view = await house.sagas.show(TENANT, ORDER)
    await house.stores.close()
    expect_consistent(house.world, ORDER, view.phase)
    return view.phase


@pytest.mark.parametrize(
    ("trouble", "points", "phase"),
    [
        (smooth, POINTS, SagaPhase.COMPLETED),
        (doubtful, ("saga.asked", "saga.recorded", "saga.acted"), SagaPhase.COMPLETED),
        (refused, ("saga.undone", "saga.recorded"), SagaPhase.COMPENSATED),
    ],
)
def test_a_saga_ends_whole_or_undone_wherever_the_process_is_killed(
    tmp_path: Path,
    child: Child,
    trouble: Callable[[ShopHouse], None],
    points: tuple[str, ...],
    phase: SagaPhase,
) -> None:
    for point in points:
        for count in range(1, 40):
            folder = tmp_path / f"{point}-{count}"
            code = child(live(folder, trouble), f"{point}:{count}")
            if code == KILLED:
                code = child(live(folder, trouble), "")
                assert code == 0, f"{point}:{count}"
                assert asyncio.run(look(folder)) is phase, f"{point}:{count}"
                continue
            assert code == 0
            assert count > 1, f"{point} was never reached"
            break


def test_a_saga_survives_being_killed_again_and_again(tmp_path: Path, child: Child) -> None:
    codes = [
        child(live(tmp_path, smooth), f"{point}:{count}") for point in POINTS for count in (1, 2)
    ]
    assert KILLED in codes
    assert child(live(tmp_path, smooth), "") == 0
    assert asyncio.run(look(tmp_path)) is SagaPhase.COMPLETED


def test_every_crash_point_of_the_orchestrator_is_tried_here() -> None:
    named = {name for name in crash_points() if name.startswith("saga.")}
    assert named == {*POINTS[:3], "saga.asked", "saga.undone"}
