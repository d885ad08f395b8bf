"""`outbox`, `deadletters` and `sagas` on a running platform."""

import asyncio
from typing import Any
from uuid import UUID

import msgspec
import pytest
from kiosk.api import GetCount, Sell, Sold, StartSale
from running_kiosk import RunningKiosk

from colonnade.clock import SystemClock
from colonnade.events import Envelope, event_source
from colonnade.identifiers import new_id
from colonnade_runtime.background.events import dead_letters
from colonnade_runtime.background.events.dead_letters import UnhandledEvent

CONSUMER = "kiosk:Kiosk.count"


async def counted(running: RunningKiosk, sale: UUID) -> int:
    times: int = (await running.ask(GetCount(sale_id=sale))).times
    return times


async def until_counted(running: RunningKiosk, sale: UUID) -> None:
    async with asyncio.timeout(10):
        while await counted(running, sale) == 0:
            await asyncio.sleep(0.01)


async def sold(running: RunningKiosk) -> UUID:
    """A sale whose event has been handled and archived."""
    sale = new_id()
    await running.ask(Sell(sale_id=sale))
    await until_counted(running, sale)
    async with asyncio.timeout(10):
        while await running.read("outbox", "status"):
            await asyncio.sleep(0.01)
    return sale


def envelope(sale: UUID, tenant: str = "acme") -> bytes:
    event = Sold(sale_id=sale, buyer="Ada Lovelace")
    return Envelope(
        id=new_id(),
        source=event_source(tenant, "kiosk"),
        type="colonnade.kiosk.Sold.v1",
        subject=str(sale),
        time=SystemClock().now(),
        tenant=tenant,
        data=msgspec.Raw(event.encode()),
    ).encode()


async def dead_letter(running: RunningKiosk, sale: UUID, data: bytes | None = None) -> str:
    """A letter as delivery would have left it, with its inbox row."""
    data = data or envelope(sale)
    letter = UnhandledEvent(
        id=new_id(),
        consumer=CONSUMER,
        event_id=Envelope.decode(data).id,
        type="colonnade.kiosk.Sold.v1",
        envelope=data,
        error="ValueError: the till was broken",
        attempts=8,
    )
    await running.ask(GetCount(sale_id=sale))
    await running.commit(dead_letters.write(letter))
    return str(letter.id)


async def test_outbox_status_counts_what_waits_and_what_was_sent(running: RunningKiosk) -> None:
    await sold(running)
    [row] = await running.read("outbox", "status", "--all")
    assert (row["service"], row["tenant"], row["pending"], row["sent"]) == ("kiosk", "acme", 0, 1)
    shown = await running.command("outbox", "status")
    assert shown.stdout == "No event waits in any of 1 outboxes.\n"


async def test_republished_events_have_no_second_effect(running: RunningKiosk) -> None:
    sale = await sold(running)
    [row] = await running.read("outbox", "republish", "--since", "1h")
    assert row["republished"] == 1
    async with asyncio.timeout(10):
        while await running.read("outbox", "status"):
            await asyncio.sleep(0.01)
    assert await counted(running, sale) == 1


async def test_nothing_is_republished_that_was_written_before(running: RunningKiosk) -> None:
    await sold(running)
    result = await running.command("outbox", "republish", "--since", "2999-01-01")
    assert result.stdout == "No event was written since then.\n"


async def test_a_time_that_is_none_is_a_sentence(running: RunningKiosk) -> None:
    result = await running.command("outbox", "republish", "--since", "yesterday")
    assert result.exit_code == 2
    assert "'yesterday' is no time" in result.stderr


async def test_an_unknown_service_is_named_with_those_there_are(running: RunningKiosk) -> None:
    result = await running.command("outbox", "status", "--service", "moon")
    assert result.exit_code == 1
    assert "No service 'moon'" in result.stderr
    assert "kiosk" in result.stderr


async def test_a_dead_letter_is_listed_and_shown_without_personal_data(
    running: RunningKiosk,
) -> None:
    identifier = await dead_letter(running, new_id())
    [row] = await running.read("deadletters", "list")
    assert (row["id"], row["consumer"], row["tenant"]) == (identifier, CONSUMER, "acme")
    hidden = await running.command("deadletters", "show", identifier)
    assert "the till was broken" in hidden.stdout
    assert "Ada Lovelace" not in hidden.stdout
    revealed = await running.read("deadletters", "show", identifier, "--reveal")
    assert revealed["event"]["data"]["buyer"] == "Ada Lovelace"


async def test_a_replayed_letter_has_its_effect_once(running: RunningKiosk) -> None:
    sale = new_id()
    identifier = await dead_letter(running, sale)
    [row] = await running.read("deadletters", "replay", identifier)
    assert row == {"id": identifier, "replayed": True, "error": None}
    assert await counted(running, sale) == 1
    again = await running.command("deadletters", "replay", identifier)
    assert again.exit_code == 1
    assert await counted(running, sale) == 1
    assert await running.read("deadletters", "list") == []
    assert len(await running.read("deadletters", "list", "--replayed")) == 1


async def test_every_letter_can_be_replayed_at_once(running: RunningKiosk) -> None:
    sales = [new_id() for _ in range(3)]
    for sale in sales:
        await dead_letter(running, sale)
    assert len(await running.read("deadletters", "replay", "--all")) == 3
    assert [await counted(running, sale) for sale in sales] == [1, 1, 1]


async def test_replay_wants_letters_or_all(running: RunningKiosk) -> None:
    assert (await running.command("deadletters", "replay")).exit_code == 2


async def test_a_discarded_letter_is_gone(running: RunningKiosk) -> None:
    identifier = await dead_letter(running, new_id())
    assert (await running.command("deadletters", "discard", identifier)).exit_code == 0
    result = await running.command("deadletters", "show", identifier)
    assert result.exit_code == 1
    assert f"There is no dead letter {identifier}" in result.stderr


async def test_a_letter_of_no_tenant_is_replayed_once_its_tenant_is_declared(
    running: RunningKiosk,
) -> None:
    unknown, known = new_id(), new_id()
    keep = running.work.control.keep_dead_letter
    lost = str(await keep(CONSUMER, envelope(unknown, "initech"), "unknown tenant"))
    found = str(await keep(CONSUMER, envelope(known), "unknown tenant"))
    garbage = str(await keep(CONSUMER, b"\x00 no event", "not JSON"))
    listed = await running.read("deadletters", "list")
    assert {row["id"]: row["tenant"] for row in listed} == dict.fromkeys((lost, found, garbage))
    outcomes = {
        row["id"]: row["error"]
        for identifier in (lost, found, garbage)
        for row in await replayed(running, identifier)
    }
    assert "'initech' is not known here" in outcomes[lost]
    assert "is no event" in outcomes[garbage]
    assert outcomes[found] is None
    assert await counted(running, known) == 1
    assert {row["id"] for row in await running.read("deadletters", "list")} == {lost, garbage}


async def replayed(running: RunningKiosk, identifier: str) -> Any:
    def work() -> Any:
        with running.client() as client:
            return client.run("deadletters.replay", {"ids": [identifier]})

    return await asyncio.to_thread(work)


async def saga(running: RunningKiosk, name: str, phase: str) -> str:
    identifier = new_id()
    await running.ask(StartSale(saga_id=identifier, name=name))
    async with asyncio.timeout(20):
        while not await running.read("sagas", "list", "--phase", phase):
            await asyncio.sleep(0.02)
    return str(identifier)


async def test_a_saga_that_needs_an_operator_goes_on_when_told_so(running: RunningKiosk) -> None:
    identifier = await saga(running, "doubtful", "needs_operator")
    undecided = await running.command("sagas", "resume", identifier)
    assert undecided.exit_code == 1
    resumed = await running.command("sagas", "resume", identifier, "--happened")
    assert resumed.exit_code == 0, resumed.output
    async with asyncio.timeout(20):
        while (await running.read("sagas", "show", identifier))["phase"] != "completed":
            await asyncio.sleep(0.02)


async def test_sagas_are_listed_that_have_not_ended_unless_others_are_asked_for(
    running: RunningKiosk,
) -> None:
    ended = await saga(running, "patient", "waiting")
    assert (await running.command("sagas", "cancel", ended)).exit_code == 0
    async with asyncio.timeout(20):
        while (await running.read("sagas", "show", ended))["phase"] != "canceled":
            await asyncio.sleep(0.02)
    assert "--all shows others" in (await running.command("sagas", "list")).stdout
    waiting = await saga(running, "patient", "waiting")

    async def listed(*options: str) -> set[str]:
        return {row["id"] for row in await running.read("sagas", "list", *options)}

    assert await listed() == {waiting}
    assert await listed("--all") == {waiting, ended}
    assert await listed("--phase", "canceled") == {ended}


async def test_a_saga_is_shown_without_personal_data(running: RunningKiosk) -> None:
    identifier = await saga(running, "patient", "waiting")
    shown = await running.read("sagas", "show", identifier)
    assert shown["state"] == {"buyer": "********", "price": 3}
    revealed = await running.read("sagas", "show", identifier, "--reveal")
    assert revealed["state"]["buyer"] == "Ada Lovelace"


async def test_a_saga_before_its_pivot_is_undone(running: RunningKiosk) -> None:
    identifier = await saga(running, "patient", "waiting")
    assert (await running.command("sagas", "cancel", identifier)).exit_code == 0
    async with asyncio.timeout(20):
        while (await running.read("sagas", "show", identifier))["phase"] != "canceled":
            await asyncio.sleep(0.02)
    again = await running.command("sagas", "cancel", identifier)
    assert again.exit_code == 1


async def test_a_saga_that_is_not_there_is_a_sentence(running: RunningKiosk) -> None:
    result = await running.command("sagas", "show", str(new_id()))
    assert result.exit_code == 1
    assert "There is no saga" in result.stderr


@pytest.mark.parametrize(
    "since",
    ["9999-12-31T23:59:59-23:59", "0001-01-01T00:00:00+14:00", "0001-01-01", "999999d", "x"],
)
async def test_a_time_out_of_the_calendar_is_refused_as_such(
    running: RunningKiosk, since: str
) -> None:
    result = await running.command("outbox", "republish", f"--since={since}")
    assert result.exit_code == 2
    assert "no time within the calendar" in result.output
    assert "Traceback" not in result.output
