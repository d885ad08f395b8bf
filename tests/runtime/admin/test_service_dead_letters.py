"""What a service itself gave up stands beside the events it gave up."""

from uuid import UUID

import pytest
from kiosk.api import GetCount
from kiosk.models import CountedRow
from running_kiosk import RunningKiosk

from colonnade.errors import Conflict
from colonnade.identifiers import new_id

CONSUMER = "kiosk:uncounted"


async def uncounted(running: RunningKiosk) -> UUID:
    """A sale that could not be counted."""
    sale = new_id()
    await running.ask(GetCount(sale_id=sale))
    row = CountedRow(sale_id=sale, times=0)
    await running.commit(lambda session: session.add(row))
    return sale


async def times(running: RunningKiosk, sale: UUID) -> int:
    found: int = (await running.ask(GetCount(sale_id=sale))).times
    return found


async def test_it_is_listed_shown_and_counted(running: RunningKiosk) -> None:
    sale = await uncounted(running)
    [row] = await running.read("deadletters", "list")
    expected = {"id": str(sale), "tenant": "acme", "consumer": CONSUMER, "type": "a sale"}
    assert row == row | expected | {"error": "the pencil broke", "attempts": 3}
    shown = await running.read("deadletters", "show", str(sale))
    assert shown == row | {"details": {"pencil": "blue"}}
    await running.work.control.ensure_work("acme")
    await running.work.backlog.look()
    assert running.work.backlog.last.dead_letters == 1


async def test_it_is_replayed_once(running: RunningKiosk) -> None:
    sale = await uncounted(running)
    [row] = await running.read("deadletters", "replay", str(sale))
    assert row == {"id": str(sale), "replayed": True, "error": None}
    assert await times(running, sale) == 1
    assert await running.read("deadletters", "list", "--replayed") == []
    again = await running.command("deadletters", "replay", str(sale))
    assert (again.exit_code, "There is no dead letter" in again.stderr) == (1, True)


async def test_all_are_replayed_at_once(running: RunningKiosk) -> None:
    sales = [await uncounted(running) for _ in range(3)]
    assert len(await running.read("deadletters", "replay", "--all")) == 3
    assert [await times(running, sale) for sale in sales] == [1, 1, 1]


async def test_a_discarded_one_is_gone(running: RunningKiosk) -> None:
    sale = await uncounted(running)
    assert (await running.command("deadletters", "discard", str(sale))).exit_code == 0
    assert await running.read("deadletters", "list") == []
    assert await times(running, sale) == 0


async def test_what_does_not_wait_any_more_is_said(running: RunningKiosk) -> None:
    """Two operators at once: the second one hears of it."""
    sale = await uncounted(running)
    letter = await running.work.service_dead_letters.find("acme", sale)
    assert (await running.command("deadletters", "replay", str(sale))).exit_code == 0
    with pytest.raises(Conflict, match="counted already"):
        await running.work.service_dead_letters.replay(letter)
