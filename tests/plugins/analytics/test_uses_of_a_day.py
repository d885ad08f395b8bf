"""Uses are counted by person, operation and UTC day, in the transaction that they are part of."""

from datetime import UTC, datetime, timedelta

import pytest
from analytics_bench import AnalyticsBench
from sqlalchemy import select

from colonnade.allowances import AllowanceRow, use
from colonnade.errors import TooManyRequests

LATE = datetime(2026, 3, 29, 23, 59, 30, tzinfo=UTC)


async def used(bench: AnalyticsBench, principal: str, times: int = 1) -> None:
    for _ in range(times):
        await bench.run(lambda session: use(session, principal, "CreateThing", per_day=3))


async def kept(bench: AnalyticsBench) -> dict[str, int]:
    query = select(AllowanceRow.principal, AllowanceRow.uses)
    rows = await bench.run(lambda session: session.execute(query).all())
    return dict(map(tuple, rows))


async def test_one_more_than_a_day_has_is_refused_until_midnight(bench: AnalyticsBench) -> None:
    bench.clock.set(LATE)
    await used(bench, "ada", 3)
    with pytest.raises(TooManyRequests) as caught:
        await used(bench, "ada")
    assert caught.value.details == {"retry_after": 30}
    assert await kept(bench) == {"ada": 3}, "a refusal is not counted"
    await used(bench, "grace")
    bench.clock.set(LATE + timedelta(seconds=30))
    await used(bench, "ada", 3)


async def test_what_was_used_on_earlier_days_is_forgotten(bench: AnalyticsBench) -> None:
    bench.clock.set(LATE)
    for person in ("ada", "grace", "edsger"):
        await used(bench, person)
    bench.clock.set(LATE + timedelta(days=1))
    await used(bench, "grace")
    assert await kept(bench) == {"grace": 1}
