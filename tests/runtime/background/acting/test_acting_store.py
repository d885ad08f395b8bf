"""A service that works in its tenants' stores by itself."""

from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from shop.house import TENANT, ShopHouse

from colonnade.context import Context, Principal, current_context, use_context
from colonnade.control_store import Lease, LeaseLost
from colonnade.store import Session
from colonnade.tables import StoreFact
from colonnade_runtime.background.acting.acting_store import ActingStore
from colonnade_runtime.background.acting.lease_fence import LeaseFence


def acting(house: ShopHouse) -> ActingStore:
    return ActingStore(house.actor, house.store)


async def test_work_runs_as_the_service_whoever_caused_it(house: ShopHouse) -> None:
    seen: list[Context] = []

    def work(session: Session) -> str:
        seen.append(current_context())
        return session.tenant

    caller = Context("globex", Principal.anonymous(), 0.0, "a request")
    with use_context(caller):
        assert await acting(house).run(TENANT, work) == TENANT
        assert await acting(house).read(TENANT, work, seconds=7.0) == TENANT

    now = datetime.now(UTC).timestamp()
    assert [each.principal.id for each in seen] == ["service:shop", "service:shop"]
    assert [each.tenant for each in seen] == [TENANT, TENANT]
    assert seen[0].remaining(now) == pytest.approx(30.0, abs=5.0)
    assert seen[1].remaining(now) == pytest.approx(7.0, abs=5.0)


async def test_pruning_takes_many_transactions_and_counts_what_it_removed(
    house: ShopHouse,
) -> None:
    left = 7
    sizes: list[int] = []

    def at_most(limit: int) -> Callable[[Session], int]:
        def work(session: Session) -> int:
            nonlocal left
            removed = min(limit, left)
            left -= removed
            sizes.append(removed)
            return removed

        return work

    assert await acting(house).prune(TENANT, at_most, limit=3) == 7
    assert sizes == [3, 3, 1]


async def test_what_a_former_owner_has_under_way_does_not_commit(house: ShopHouse) -> None:
    store = acting(house)
    soon = datetime.now(UTC)
    held: list[Lease | None] = [Lease("other", "a", 1, soon)]
    fence = LeaseFence(lambda: held[0])

    def guarded(name: str) -> Callable[[Session], None]:
        def work(session: Session) -> None:
            fence(session)
            session.add(StoreFact(name=name, value=""))

        return work

    await store.run(TENANT, guarded("first"))
    held[0] = Lease("other", "b", 2, soon)
    await store.run(TENANT, guarded("second"))
    held[0] = Lease("other", "a", 1, soon)
    with pytest.raises(LeaseLost):
        await store.run(TENANT, guarded("third"))
    held[0] = None
    assert not fence.is_open
    with pytest.raises(LeaseLost):
        await store.run(TENANT, guarded("fourth"))

    def names(session: Session) -> list[str | None]:
        wanted = ("first", "second", "third", "fourth")
        return [each for each in wanted if session.get(StoreFact, each) is not None]

    assert await store.read(TENANT, names) == ["first", "second"]
