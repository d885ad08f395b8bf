"""The clock of a machine is set forward and back, and an academy signs tokens all along."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import TypeVar
from uuid import UUID

import pytest
from sqlalchemy import select
from user_academy import Academy
from user_bench import UserBench

from colonnade.store import Session
from colonnade_user.models import SigningKeyRow
from colonnade_user.tokens.signing_keys import (
    current_signing_key,
    published_keys,
    rotate_signing_keys,
)

T = TypeVar("T")
NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


class Steps:
    """One academy's keys, at whatever time the clock says."""

    def __init__(self, bench: UserBench) -> None:
        self._bench = bench

    async def at(self, hours: float, work: Callable[[Session], T]) -> T:
        moment = NOW + timedelta(hours=hours)

        def then(session: Session) -> T:
            session.now = moment
            return work(session)

        return await self._bench.run(then)

    async def begin(self) -> None:
        """Leave the first key alone, made at the hour 0."""

        def work(session: Session) -> None:
            row = session.scalars(select(SigningKeyRow)).one()
            row.created_at = row.signs_from = NOW

        await self.at(0, work)

    async def signing(self, hours: float) -> UUID:
        """The key that signs, which has to be among those that verify."""

        def work(session: Session) -> UUID:
            key = current_signing_key(session).id
            assert str(key) in {item.kid for item in published_keys(session).keys}
            return key

        return await self.at(hours, work)


@pytest.fixture
async def steps(bench: UserBench, acme: Academy) -> Steps:
    await acme.owner()
    made = Steps(bench)
    await made.begin()
    return made


@pytest.mark.parametrize("hours", [-0.1, -24, -24 * 365, 24 * 365])
async def test_the_only_key_signs_whatever_the_clock_says(steps: Steps, hours: float) -> None:
    assert await steps.signing(hours) == await steps.signing(0)


async def test_a_new_key_signs_half_a_minute_later(steps: Steps) -> None:
    first = await steps.signing(0)
    await steps.at(1, rotate_signing_keys)

    assert await steps.signing(1) == first
    assert await steps.signing(1.1) != first


async def test_after_a_rotation_and_a_step_back_the_old_key_signs_on(steps: Steps) -> None:
    first = await steps.signing(0)
    await steps.at(48, rotate_signing_keys)

    assert await steps.signing(24) == first


async def test_a_rotation_at_a_wrong_time_is_mended_by_the_next(steps: Steps) -> None:
    """The clock was a year ahead when the second key was made; the third takes its place."""
    year = 24 * 365
    first = await steps.signing(0)
    await steps.at(year, rotate_signing_keys)
    second = await steps.signing(year + 0.1)
    await steps.at(1, rotate_signing_keys)
    third = await steps.signing(1.1)

    assert len({first, second, third}) == 3
    assert await steps.signing(year * 2) == third


async def test_a_step_back_before_every_key_leaves_one_that_signs(steps: Steps) -> None:
    await steps.at(1, rotate_signing_keys)
    await steps.at(2, rotate_signing_keys)

    assert await steps.signing(-1000)
