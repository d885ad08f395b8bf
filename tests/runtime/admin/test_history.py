"""`outbox republish --to`: history for one reaction, which nobody else hears a second time."""

import asyncio
from uuid import UUID

import pytest
from kiosk.api import GetCount, Sell
from kiosk.models import CountedRow
from running_kiosk import RunningKiosk
from sqlalchemy import delete, select

from colonnade.identifiers import new_id
from colonnade.store import Session
from colonnade.tables import InboxRow, OutboxRow
from colonnade_runtime.admin.commands import outbox

CONSUMER = "kiosk:Kiosk.count"


async def sold(running: RunningKiosk, sales: int) -> list[UUID]:
    """Sales whose events have been handled and archived."""
    made = [new_id() for _ in range(sales)]
    for sale in made:
        await running.ask(Sell(sale_id=sale))
    async with asyncio.timeout(10):
        while await running.read("outbox", "status") or 0 in await counts(running, made):
            await asyncio.sleep(0.01)
    return made


async def counts(running: RunningKiosk, sales: list[UUID]) -> list[int]:
    return [(await running.ask(GetCount(sale_id=sale))).times for sale in sales]


async def forget(running: RunningKiosk) -> None:
    """Have the reaction be new: it has handled nothing, and nothing came of it."""

    def work(session: Session) -> None:
        session.execute(delete(InboxRow).where(InboxRow.consumer == CONSUMER))
        session.execute(delete(CountedRow))

    await running.commit(work)


async def republish(
    running: RunningKiosk, *options: str, to: str = CONSUMER
) -> list[dict[str, object]]:
    found: list[dict[str, object]] = await running.read(
        "outbox", "republish", "--since", "1h", "--to", to, *options
    )
    return found


def row(delivered: int, passed_over: int) -> dict[str, object]:
    told = {"delivered": delivered, "passed_over": passed_over}
    return {"service": "kiosk", "tenant": "acme", **told}


@pytest.mark.parametrize("at_once", [200, 1])
async def test_a_new_reaction_gets_what_was_before_it(
    running: RunningKiosk, monkeypatch: pytest.MonkeyPatch, at_once: int
) -> None:
    monkeypatch.setattr(outbox, "ARCHIVED_AT_ONCE", at_once)
    sales = await sold(running, 3)
    await forget(running)
    assert await republish(running) == [row(3, 0)]
    assert await counts(running, sales) == [1, 1, 1]


async def test_what_it_has_handled_it_does_not_get_again(running: RunningKiosk) -> None:
    sales = await sold(running, 2)
    assert await republish(running) == [row(0, 2)]
    assert await counts(running, sales) == [1, 1]


async def test_nothing_is_published_again(running: RunningKiosk) -> None:
    """No row of the outbox is touched, so the bus, and with it everybody else, hears nothing."""
    await sold(running, 2)
    await forget(running)
    before: list[tuple[object, ...]] = []
    after: list[tuple[object, ...]] = []
    columns = select(OutboxRow.sequence, OutboxRow.sent_at, OutboxRow.generation)

    def look_into(found: list[tuple[object, ...]]) -> object:
        return lambda session: found.extend(tuple(each) for each in session.execute(columns))

    await running.commit(look_into(before))  # type: ignore[arg-type]
    await republish(running)
    await running.commit(look_into(after))  # type: ignore[arg-type]
    assert len(before) == 2
    assert after == before


async def test_no_more_than_fits_travels_at_once(
    running: RunningKiosk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outbox, "ARCHIVED_BYTES", 1)
    sales = await sold(running, 3)
    await forget(running)
    assert await republish(running, "--tenant", "acme") == [row(3, 0)]
    assert await counts(running, sales) == [1, 1, 1]


async def test_what_was_written_before_is_left_out(running: RunningKiosk) -> None:
    await sold(running, 1)
    since = ("--since", "2999-01-01", "--to", CONSUMER)
    told = await running.command("outbox", "republish", *since)
    assert told.stdout == "No event that it reacts to was written since then.\n"


@pytest.mark.parametrize(
    ("to", "says"),
    [
        (
            "kiosk:Kiosk.burn",
            "There is no reaction 'kiosk:Kiosk.burn' (there are: kiosk:Kiosk.count",
        ),
        ("moon:Moon.rise", "No service 'moon'"),
        ("", "No service ''"),
    ],
)
async def test_a_reaction_that_is_not_there_is_named(
    running: RunningKiosk, to: str, says: str
) -> None:
    told = await running.command("outbox", "republish", "--since", "1h", "--to", to)
    assert told.exit_code == 1
    assert says in " ".join(told.stderr.split())


async def test_whose_events_it_gets_the_reaction_says(running: RunningKiosk) -> None:
    options = ("--since", "1h", "--to", CONSUMER, "--service", "kiosk")
    told = await running.command("outbox", "republish", *options)
    assert told.exit_code == 2
    assert "leave --service out" in told.stderr
