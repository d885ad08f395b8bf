"""Sagas under seeded trouble: errors before and after effects, crashes, cancellations."""

import asyncio
from contextlib import suppress
from pathlib import Path
from random import Random

import pytest
from shop.house import TENANT, ShopHouse
from shop.service import expect_consistent

from colonnade.errors import Conflict, DeadlineExceeded, InternalError, Unavailable
from colonnade.sagas import SagaPhase

ERRORS = (
    Unavailable("Not now."),
    DeadlineExceeded("Late."),
    InternalError("Broken."),
    ValueError("bug"),
    Conflict("Refused."),
)
AFTER_PIVOT = {"activate", "notify"}


class Trouble:
    """Decides from a seed what goes wrong; it calms down, so that every saga can end."""

    def __init__(self, random: Random) -> None:
        self.random = random
        self.left = random.randrange(12)

    def install(self, house: ShopHouse) -> None:
        house.world.before = lambda name: self.strike(name, done=False)
        house.world.after = lambda name: self.strike(name, done=True)

    def strike(self, name: str, *, done: bool) -> None:
        if self.left == 0 or self.random.random() > 0.4:
            return
        self.left -= 1
        error = self.random.choice(ERRORS)
        # A refusal says that nothing happened: the world never lies by refusing what it did.
        if done and isinstance(error, Conflict | Unavailable):
            error = DeadlineExceeded("Late.")
        raise error


async def end(house: ShopHouse, trouble: Trouble, order: object, *, crashes: bool) -> str:
    """Bring a saga to its end; answers the phase, or nothing when the house must be crashed."""
    for _ in range(400):
        view = await house.sagas.show(TENANT, order)  # type: ignore[arg-type]
        if view.phase.has_ended:
            return view.phase
        if view.phase is SagaPhase.NEEDS_OPERATOR:
            trouble.left = 0
            await house.sagas.resume(TENANT, view.id)
        if crashes and trouble.random.random() < 0.05:
            return ""
        await asyncio.sleep(0.005)
    raise AssertionError(f"the saga does not end: {view}")


@pytest.mark.parametrize("seed", range(60))
async def test_whatever_goes_wrong_the_purchase_is_whole_or_undone(
    tmp_path: Path, seed: int
) -> None:
    random = Random(seed)
    trouble = Trouble(random)
    house = ShopHouse(tmp_path / "shop")
    trouble.install(house)
    await house.start()
    order = await house.place()
    if random.random() < 0.3:
        await asyncio.sleep(random.random() * 0.03)
        with suppress(Conflict):
            await house.sagas.cancel(TENANT, order)
    crashes = random.randrange(4)
    while not (phase := await end(house, trouble, order, crashes=crashes > 0)):
        crashes -= 1
        await house.crash()
        house = ShopHouse(tmp_path / "shop")
        trouble.install(house)
        await house.start()
    expect_consistent(house.world, order, phase)
    assert await house.order(order) in (("done", 1), ("failed", 1), ("new", 0))
    await house.stop()
