"""The relay: in order per key, at least once, with few commits."""

import asyncio
import sqlite3
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from ledger.api import Deposited
from ledger.house import House, Ledger

from colonnade.errors import Unavailable


def deposit(number: int = 1, account: str = "a") -> Deposited:
    return Deposited(account=account, amount=100, number=number)


async def test_what_an_earlier_process_left_is_published_at_start(
    tmp_path: Path, ledger: Ledger
) -> None:
    before = House(tmp_path, [ledger])
    await before.deposit("acme", deposit(1))
    await before.deposit("globex", deposit(2))
    await before.stores.close()
    after = House(tmp_path, [ledger])
    await after.start()
    await after.until_sent("acme")
    await after.until_sent("globex")
    assert await after.entries("acme") == [1]
    assert await after.entries("globex") == [2]
    await after.stop()


async def test_a_key_that_fails_does_not_hold_up_another(house: House, ledger: Ledger) -> None:
    release = asyncio.Event()

    def fail(event: Deposited) -> None:
        if event.account == "stuck" and not release.is_set():
            raise Unavailable("Not now.")

    ledger.fail = fail
    await house.deposit("acme", deposit(1, "stuck"), deposit(2, "free"), deposit(3, "stuck"))

    async def others_are_through() -> bool:
        return await house.entries("acme") == [2]

    await house.until(others_are_through)
    release.set()
    await house.until_sent("acme")
    assert await house.entries("acme") == [2, 1, 3]


async def test_a_forgotten_tenant_is_one_without_pending_rows(house: House) -> None:
    await house.deposit("acme", deposit())
    assert await house.control.tenants_with_work() == ["acme"]
    await house.until_sent("acme")

    async def forgotten() -> bool:
        return await house.control.tenants_with_work() == []

    await house.until(forgotten)
    await house.deposit("acme", deposit(2))
    assert await house.control.tenants_with_work() == ["acme"]
    await house.until_sent("acme")
    assert await house.entries("acme") == [1, 2]


async def test_a_tenant_whose_events_wait_is_not_forgotten(house: House, ledger: Ledger) -> None:
    release = asyncio.Event()

    def fail(event: Deposited) -> None:
        if not release.is_set():
            raise Unavailable("Not now.")

    ledger.fail = fail
    await house.deposit("acme", deposit())
    for _ in range(5):
        await house.sweeper.sweep()
        await asyncio.sleep(0.05)
    assert await house.control.tenants_with_work() == ["acme"]
    release.set()
    await house.until_sent("acme")


async def test_rows_are_marked_together(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    marks = []
    run = house.store.run

    async def counted(work, **options):  # type: ignore[no-untyped-def]
        if "fenced" in work.__qualname__:
            marks.append(work)
        return await run(work, **options)

    monkeypatch.setattr(house.store, "run", counted)
    await house.deposit("acme", *(deposit(number, f"k{number}") for number in range(100)))
    await house.until_sent("acme")
    assert len(marks) < 20
    assert sorted(await house.entries("acme")) == list(range(100))


async def test_republishing_the_archive_doubles_nothing(house: House) -> None:
    await house.deposit("acme", deposit(1), deposit(2))
    await house.until_sent("acme")
    again = await house.relay.republish("acme", datetime.now(UTC) - timedelta(hours=1))
    await house.until_sent("acme")
    assert again == 2
    assert await house.entries("acme") == [1, 2]


async def test_status_counts_what_is_pending_and_what_was_sent(house: House) -> None:
    await house.deposit("acme", deposit(1), deposit(2))
    await house.until_sent("acme")
    status = await house.relay.status("acme")
    assert (status.pending, status.oldest, status.sent) == (0, None, 2)


async def test_the_archive_is_pruned_only_after_its_time(house: House) -> None:
    await house.deposit("acme", deposit(1))
    await house.until_sent("acme")
    assert await house.relay.prune("acme") == 0


async def test_a_stop_leaves_what_was_not_accepted_in_the_outbox(
    tmp_path: Path, ledger: Ledger
) -> None:
    def fail(event: Deposited) -> None:
        raise Unavailable("Not now.")

    ledger.fail = fail
    first = House(tmp_path, [ledger])
    await first.start()
    await first.deposit("acme", deposit(1))
    await asyncio.wait_for(first.stop(), 10)
    ledger.fail = lambda event: None
    second = House(tmp_path, [ledger])
    await second.start()
    await second.until_sent("acme")
    assert await second.entries("acme", "book") == [1]
    assert await second.entries("acme", "confirm") == [1]
    await second.stop()


async def test_a_wake_up_from_another_thread_is_heard(house: House) -> None:
    await asyncio.to_thread(house.sweeper.wake, "acme")

    async def woken() -> bool:
        return "acme" in house.sweeper.woken_at

    await house.until(woken)


async def test_what_a_restored_file_brings_is_published_although_the_index_knows_nothing(
    tmp_path: Path, ledger: Ledger
) -> None:
    """A backup of one academy, beside the control store of today."""
    before = House(tmp_path, [ledger])
    await before.deposit("acme", deposit(1))
    await before.stores.close()
    with sqlite3.connect(tmp_path / "_control" / "ledger.sqlite3") as control:
        control.execute("DELETE FROM work_index")
    control.close()
    after = House(tmp_path, [ledger])
    await after.start()
    assert await after.control.tenants_with_work() == []
    # Whatever first needs the academy's store.
    assert await after.entries("acme") == []
    await after.until_sent("acme")
    assert await after.entries("acme") == [1]
    await after.stop()


async def test_a_file_without_waiting_work_costs_the_index_nothing(
    tmp_path: Path, ledger: Ledger
) -> None:
    before = House(tmp_path, [ledger])
    assert await before.entries("acme") == []
    await before.stores.close()
    after = House(tmp_path, [ledger])
    assert await after.entries("acme") == []
    assert await after.control.tenants_with_work() == []
    await after.stores.close()
