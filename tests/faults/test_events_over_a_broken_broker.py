"""Events over a real broker that is stopped, killed or wiped, or repeats itself: effects once."""

import asyncio
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import nats
import pytest
from ledger.api import Deposited
from ledger.house import Ledger
from ledger.models import EntryRow
from ledger.on_nats import LIMIT, NAME, TENANT, HouseOnNats, nothing_waits, until
from sqlalchemy import delete

from colonnade.context import use_context
from colonnade.store import Session
from colonnade.tables import InboxRow, OutboxRow
from colonnade_runtime.background.events.event_handler import DeliverySettings
from colonnade_runtime.testing.servers import RunningServer

pytestmark = [pytest.mark.server, pytest.mark.faults]

ACCOUNTS = ("a", "b", "c")


@pytest.fixture
def broker(start_server: Callable[..., RunningServer]) -> RunningServer:
    """A broker of this test's own."""
    return start_server("nats")


@pytest.fixture
async def house(tmp_path: Path, broker: RunningServer) -> AsyncIterator[HouseOnNats]:
    """A ledger that runs."""
    made = HouseOnNats(tmp_path, broker.url, Ledger())
    await made.start()
    yield made
    await made.stop()


async def deposit(house: HouseOnNats, numbers: range) -> None:
    for number in numbers:
        account = ACCOUNTS[number % len(ACCOUNTS)]
        await house.deposit(TENANT, Deposited(account=account, amount=1, number=number))


async def expect_each_once(house: HouseOnNats, numbers: range) -> None:
    async def all_are_there() -> bool:
        found = [len(await house.entries(TENANT, by)) for by in ("book", "confirm")]
        return min(found) >= len(numbers)

    await until(all_are_there)
    await until(lambda: nothing_waits(house))
    for by in ("book", "confirm"):
        assert sorted(await house.entries(TENANT, by)) == list(numbers)


async def expect_each_once_in_order(house: HouseOnNats, numbers: range) -> None:
    await expect_each_once(house, numbers)
    for by in ("book", "confirm"):
        entries = await house.entries(TENANT, by)
        for first in range(len(ACCOUNTS)):
            mine = [number for number in entries if number % len(ACCOUNTS) == first]
            assert mine == sorted(mine)


async def publish_past_the_window(house: HouseOnNats, data: bytes) -> None:
    """As a publisher whose repetition comes after the broker has forgotten the first."""
    async with await nats.connect(house.url) as client:
        await client.jetstream().publish(NAME.subject(f"{TENANT}//a"), data)


@pytest.mark.parametrize("fault", ["stopped", "killed"])
async def test_a_broker_that_comes_back_mid_flow_loses_and_doubles_nothing(
    house: HouseOnNats, broker: RunningServer, fault: str
) -> None:
    flowing = asyncio.create_task(deposit(house, range(60)))
    await until(lambda: _some(house))
    {"stopped": broker.stop, "killed": broker.kill}[fault]()
    await flowing
    broker.start()
    await expect_each_once_in_order(house, range(60))


async def test_a_broker_that_is_wiped_mid_flow_is_repaired_by_republishing(
    house: HouseOnNats, broker: RunningServer
) -> None:
    began = datetime.now(UTC) - timedelta(minutes=1)
    flowing = asyncio.create_task(deposit(house, range(60)))
    await until(lambda: _some(house))
    broker.kill()
    broker.wipe()
    broker.start()
    await flowing
    # At once: what the lost broker accepted may not be marked as sent yet.
    await house.relay.republish(TENANT, began)
    await until(lambda: _all_sent(house))
    # What the broker had taken and lost comes after what was published since.
    await expect_each_once(house, range(60))
    assert await house.delivery.dead_letters(TENANT) == []


async def test_what_was_handled_and_comes_again_is_acknowledged_and_holds_up_nothing(
    house: HouseOnNats,
) -> None:
    house.cut_off.lost = 5
    await deposit(house, range(12))
    await expect_each_once_in_order(house, range(12))
    assert house.cut_off.lost == 0
    assert house.delivery.counts.repeated >= 5
    assert house.delivery.counts.handled == 2 * 12


async def test_a_repetition_that_the_broker_no_longer_knows_has_no_second_effect(
    house: HouseOnNats,
) -> None:
    await deposit(house, range(3))
    await expect_each_once_in_order(house, range(3))
    first = await house.read(TENANT, lambda session: session.get(OutboxRow, 1))
    await publish_past_the_window(house, first.envelope)
    await publish_past_the_window(house, first.envelope)
    await deposit(house, range(3, 6))
    await expect_each_once_in_order(house, range(6))
    assert house.delivery.counts.repeated == 4


async def test_a_store_that_was_restored_gets_what_the_broker_still_knows_as_sent(
    house: HouseOnNats,
) -> None:
    """The broker drops what comes twice within two minutes; that is no reason to lose it."""
    began = datetime.now(UTC) - timedelta(minutes=1)
    await deposit(house, range(4))
    await expect_each_once(house, range(4))

    def restore(session: Session) -> None:
        for rows in (InboxRow, EntryRow):
            session.execute(delete(rows))

    with use_context(house.actor.context(TENANT, seconds=10)):
        await house.store.run(restore)
    await house.relay.republish(TENANT, began)
    await expect_each_once(house, range(4))


@pytest.mark.parametrize(
    "poison", [b"", b"\xff\xfe{", b"{}", b'{"specversion": "1.0"}', b"[" * 5000]
)
async def test_what_is_no_event_is_put_aside_and_holds_up_nothing(
    house: HouseOnNats, poison: bytes
) -> None:
    await publish_past_the_window(house, poison)
    await deposit(house, range(3))
    await expect_each_once_in_order(house, range(3))
    letters = await house.control.dead_letters()
    assert [letter.payload for letter in letters] == [poison] * 2


async def test_an_event_that_no_reaction_can_take_is_given_up_and_holds_up_nothing(
    tmp_path: Path, broker: RunningServer
) -> None:
    ledger = Ledger()

    def refuse(event: Deposited) -> None:
        if event.number == 0:
            raise ValueError("never")

    ledger.fail = refuse
    house = HouseOnNats(tmp_path, broker.url, ledger)
    await house.start()
    await deposit(house, range(6))
    await until(lambda: _has(house, "book", 5))
    await until(lambda: nothing_waits(house))
    assert [letter.attempts for letter in await house.delivery.dead_letters(TENANT)] == [3]
    await house.stop()


async def test_a_stop_gives_up_nothing_that_it_did_not_let_begin(
    tmp_path: Path, broker: RunningServer
) -> None:
    """What was not begun, and what waits for its next try, is there after the next start."""
    first, failed = Ledger(), asyncio.Event()

    def fail(event: Deposited) -> None:
        failed.set()
        raise ValueError("Not now.")

    first.fail = fail
    settings = DeliverySettings(attempts=50, parallel=1)
    for ledger in (first, Ledger()):
        house = HouseOnNats(tmp_path, broker.url, ledger, delivery=settings)
        await house.start()
        if ledger is first:
            await deposit(house, range(9))
            await asyncio.wait_for(failed.wait(), LIMIT)
        else:
            await expect_each_once_in_order(house, range(9))
        assert await house.delivery.dead_letters(TENANT) == []
        await house.stop()


async def _some(house: HouseOnNats) -> bool:
    return bool(await house.entries(TENANT))


async def _has(house: HouseOnNats, by: str, count: int) -> bool:
    return len(await house.entries(TENANT, by)) == count


async def _all_sent(house: HouseOnNats) -> bool:
    return (await house.relay.status(TENANT)).pending == 0
