"""Events, questions and answers that no parser takes: a dead letter or an error, never a loop."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit
from uuid import uuid4

import pytest
from ledger.api import Deposited
from ledger.house import House, Ledger
from ledger.on_nats import NAME, TENANT, HouseOnNats, nothing_waits, until

from colonnade.events import event_type_of
from colonnade_runtime.calls.tenant_states import TenantState
from colonnade_runtime.testing.servers import RunningServer

TYPE = event_type_of(Deposited).type
DATA = {"account": "a", "amount": 1, "number": 7}
DEPTHS = (150, 900, 5_000, 100_000)


def event(data: str = json.dumps(DATA), **attributes: object) -> bytes:
    """An event as text, so that it may say what no encoder would write."""
    said: dict[str, object] = {
        "specversion": "1.0",
        "id": str(uuid4()),
        "source": "/colonnade/acme/ledger",
        "type": TYPE,
        "subject": "a",
        "time": datetime.now(UTC).isoformat(),
        "tenant": TENANT,
        **attributes,
    }
    head = json.dumps(said).removesuffix("}")
    return f'{head}, "data": {data}}}'.encode()


def deep(levels: int, opened: str = "[", closed: str = "]") -> str:
    return f'{{"account": "a", "amount": 1, "more": {opened * levels}{closed * levels}}}'


POISON = {
    "time without zone": event(time="2026-11-30T02:00:00"),
    "time that is a date": event(time="2026-11-30"),
    "last hour, not in UTC": event(time="9999-12-31T23:59:59-23:59"),
    "first hour, not in UTC": event(time="0001-01-01T00:00:00+23:59"),
    "time of the thirteenth month": event(time="2026-13-01T00:00:00Z"),
    "time before the inbox's memory": event(time="1970-01-01T00:00:00Z"),
    **{f"arrays {levels} deep": event(deep(levels)) for levels in DEPTHS},
    **{f"objects {levels} deep": event(deep(levels, '{"a":', "}")) for levels in DEPTHS},
    "attribute of great depth": event(more=json.loads("[" * 900 + "]" * 900)),
    "never closed": event("[" * 100_000),
    "number of no size": event(f'{{"account": "a", "amount": {"9" * 6000}}}'),
    "number for no column": event(f'{{"account": "a", "amount": {2**70}}}'),
    "number that is infinite": event('{"account": "a", "amount": 1e999}'),
    "half a character": event('{"account": "\\ud800", "amount": 1}'),
    "no UTF-8": event().replace(b'"account"', b'"acc\xffount"'),
    "data of another kind": event("null"),
    "id that is none": event(id="7"),
    "tenant that is a path": event(tenant="../../etc"),
    "tenant of control characters": event(tenant="\x1b[2J\x00"),
    "tenant that is not known": event(tenant="nobody-here"),
}


DEEP_AND_IGNORED = {"arrays 150 deep", "objects 150 deep", "attribute of great depth"}


class LedgerOfAcme(Ledger):
    """A ledger; what is no integer of a column fails where it is written."""


@pytest.fixture(params=["memory", pytest.param("nats", marks=pytest.mark.server)])
async def house(
    request: pytest.FixtureRequest, tmp_path: Path, start_server: Callable[..., RunningServer]
) -> AsyncIterator[House]:
    """A ledger that runs, on either bus."""
    ledger = LedgerOfAcme()
    if request.param == "nats":
        made: House = HouseOnNats(tmp_path, start_server("nats").url, ledger)
    else:
        made = House(tmp_path, [ledger])
    await made.start()
    yield made
    await made.stop()


async def letters(house: House) -> list[bytes]:
    """Every dead letter, of the tenant and of none."""
    mine = [letter.envelope for letter in await house.delivery.dead_letters(TENANT)]
    return mine + [letter.payload for letter in await house.control.dead_letters()]


async def has_ended(house: House) -> bool:
    return not isinstance(house, HouseOnNats) or await nothing_waits(house)


async def publish(house: House, data: bytes) -> None:
    await house.bus.publish(TYPE, f"{TENANT}//a", str(uuid4()), data)


@pytest.mark.parametrize("poison", POISON)
async def test_poison_becomes_a_dead_letter_of_each_consumer_and_holds_up_nothing(
    house: House, poison: str
) -> None:
    house.states["nobody-here"] = TenantState.UNKNOWN
    await publish(house, POISON[poison])
    await publish(house, event(json.dumps({**DATA, "number": 8})))

    async def over() -> bool:
        through = [await house.entries(TENANT, by) for by in ("book", "confirm")]
        return all(numbers[-1:] == [8] for numbers in through) and await has_ended(house)

    await until(over)
    # Depth that nobody asks for, below an unknown name, is passed over where it can be read.
    through = [await house.entries(TENANT, by) for by in ("book", "confirm")]
    handled = sum(map(len, through)) - 2
    assert handled == 0 or poison in DEEP_AND_IGNORED
    assert await letters(house) == [POISON[poison]] * (2 - handled)


class PanicException(BaseException):
    """What a library written in Rust raises when it fails."""


class Wordless(Exception):
    """An error whose words fail."""

    def __str__(self) -> str:
        raise ValueError("no words")


FAILURES: dict[str, Callable[[], BaseException]] = {
    "recursion": lambda: RecursionError("too deep"),
    "memory": MemoryError,
    "overflow": lambda: OverflowError("too large"),
    "bytes": lambda: UnicodeDecodeError("utf-8", b"\xff", 0, 1, "invalid"),
    "words that no store takes": lambda: ValueError("half a character: \ud800"),
    "words that fail": Wordless,
    "many words": lambda: ValueError("x" * 5_000_000),
    "exit": lambda: SystemExit(3),
    "a cancellation of its own": asyncio.CancelledError,
    "panic": lambda: PanicException("index out of bounds"),
    "timeout": TimeoutError,
}


@pytest.mark.parametrize("failure", FAILURES)
@pytest.mark.parametrize("by", ["book", "confirm"])
async def test_whatever_a_reaction_raises_counts_towards_giving_up(
    house: House, failure: str, by: str
) -> None:
    ledger = house.delivery.consumers[f"ledger:LedgerOfAcme.{by}"].reaction.bound.call.__self__  # type: ignore[union-attr]

    def fail(event: Deposited) -> None:
        if event.number == 7:
            raise FAILURES[failure]()

    async def fail_outside(event: Deposited) -> None:
        fail(event)

    if by == "book":
        ledger.fail = fail
    else:
        ledger.before = fail_outside
    await house.deposit(TENANT, Deposited(**DATA), Deposited(account="a", amount=1, number=8))

    async def over() -> bool:
        return await house.entries(TENANT, by) == [8] and await has_ended(house)

    await until(over)
    found = await house.delivery.dead_letters(TENANT)
    assert [(letter.consumer, letter.attempts) for letter in found] == [
        (f"ledger:LedgerOfAcme.{by}", 3)
    ]


HEADERS = {
    "empty": b"NATS/1.0\r\n\r\n",
    "without end": b"NATS/1.0",
    "one byte": b"N",
    "not text": b"NATS/1.0 \xff\xfe\xfd\r\n\r\n",
    "text that is none": b"NATS/1.0\r\n\xff: \xff\r\n\r\n",
    "not a pair": b"NATS/1.0\r\nnothing\r\n\r\n",
    "status of the server": b"NATS/1.0 404 No Messages\r\n\r\n",
    "status that is written": b"NATS/1.0\r\nStatus: 409\r\nDescription: Consumer Deleted\r\n\r\n",
    "heartbeat": b"NATS/1.0 100 Idle Heartbeat\r\n\r\n",
    "pin of another": b"NATS/1.0\r\nNats-Pin-Id: of-somebody\r\n\r\n",
}


async def publish_raw(url: str, subject: str, headers: bytes, payload: bytes) -> None:
    """Publish as no library would, past everything that checks."""
    parts = urlsplit(url)
    reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
    await reader.readline()
    size, total = len(headers), len(headers) + len(payload)
    writer.write(b'CONNECT {"verbose": false, "headers": true, "no_responders": true}\r\n')
    writer.write(f"HPUB {subject} {size} {total}\r\n".encode() + headers + payload + b"\r\n")
    writer.write(b"PING\r\n")
    async with asyncio.timeout(10):
        while b"PONG" not in await reader.readline():
            pass
    writer.close()


@pytest.mark.server
@pytest.mark.parametrize("headers", HEADERS)
async def test_headers_of_any_kind_neither_stop_the_reading_nor_hide_an_event(
    tmp_path: Path, start_server: Callable[..., RunningServer], headers: str
) -> None:
    house = HouseOnNats(tmp_path, start_server("nats").url, LedgerOfAcme())
    await house.start()
    await house.deposit(TENANT, Deposited(account="a", amount=1, number=1))
    await publish_raw(house.url, NAME.subject(f"{TENANT}//a"), HEADERS[headers], event())
    await house.deposit(TENANT, Deposited(account="a", amount=1, number=2))

    async def over() -> bool:
        found = {tuple(sorted(await house.entries(TENANT, by))) for by in ("book", "confirm")}
        return found == {(1, 2, 7)} and await nothing_waits(house)

    async with asyncio.timeout(15):
        await until(over)
    await house.stop()
