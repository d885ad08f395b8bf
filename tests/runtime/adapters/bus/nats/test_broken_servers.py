"""A server that is away, comes back, or has forgotten everything; and what goes on meanwhile."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path

import nats
import pytest
import structlog
from nats.aio.msg import Msg

from colonnade.bus import Consumer
from colonnade.errors import DeadlineExceeded, Unavailable
from colonnade_runtime.adapters.bus.nats import NatsBus
from colonnade_runtime.adapters.bus.nats.connection.options import read_options
from colonnade_runtime.adapters.bus.nats.connection.subjects import EventName
from colonnade_runtime.testing.servers import RunningServer, ServerKind

MakeBus = Callable[..., Awaitable[NatsBus]]
MADE = "colonnade.course.Made.v1"
LIMIT = 20.0

pytestmark = [pytest.mark.server, pytest.mark.faults]


async def published(bus: NatsBus, key: str, envelope: bytes, event_id: str | None = None) -> None:
    """Publish as the relay does: again, until it is accepted."""
    async with asyncio.timeout(LIMIT):
        while True:
            try:
                return await bus.publish(MADE, key, event_id or envelope.decode(), envelope)
            except Unavailable:
                await asyncio.sleep(0.05)


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(LIMIT):
        while not condition():
            await asyncio.sleep(0.02)


class Seen:
    """Remembers what was delivered."""

    def __init__(self) -> None:
        self.all: list[bytes] = []

    async def deliver(self, envelope: bytes) -> None:
        self.all.append(envelope)


async def test_nobody_there_is_said_within_seconds(server: RunningServer) -> None:
    server.stop()
    bus = NatsBus(read_options(server.url, Path()), "web", structlog.get_logger())
    started = time.monotonic()
    with pytest.raises(Unavailable, match=str(server.port)):
        await bus.start()
    assert time.monotonic() - started < 6


async def test_a_server_without_jetstream_is_told_what_it_lacks(
    start_server: Callable[..., RunningServer],
) -> None:
    """Operations would work, and every event would wait for ever."""
    server = start_server("nats")
    server.stop()
    server.kind = _without_jetstream(server)
    server.start()
    bus = NatsBus(read_options(server.url, Path()), "web", structlog.get_logger())
    with pytest.raises(Unavailable, match="--jetstream"):
        await bus.start()


def _without_jetstream(server: RunningServer) -> ServerKind:
    def arguments(port: int, folder: Path) -> tuple[str, ...]:
        return ("--addr", "127.0.0.1", "--port", str(port))

    return replace(server.kind, arguments=arguments)


GARBAGE = (
    b"",
    b"\xff\xfe",
    b"null",
    b"[]",
    b"1",
    b'"text"',
    b"{half",
    b"[" * 100_000,
    b'{"a":' * 100_000,
    b'{"error": 1}',
    b'{"error": null}',
    b'{"error": {"err_code": "x", "description": [1]}}',
    b'{"config": 1}',
    b"<html>502 Bad Gateway</html>",
)


@pytest.mark.parametrize("answer", GARBAGE, ids=range(len(GARBAGE)))
async def test_whatever_is_answered_in_jetstreams_place_is_unavailable(
    start_server: Callable[..., RunningServer], answer: bytes
) -> None:
    """Answers of a stranger in JetStream's place end nothing of ours."""
    server = start_server("nats")
    server.stop()
    server.kind = _without_jetstream(server)
    server.start()

    async def respond(message: Msg) -> None:
        fine = message.subject == "$JS.API.INFO"
        await message.respond(b"{}" if fine else answer)

    bus = NatsBus(read_options(server.url, Path()), "web", structlog.get_logger())
    async with await nats.connect(server.url) as client:
        await client.subscribe("$JS.API.>", cb=respond)
        await client.subscribe("evt.>", cb=respond)
        await client.flush(5)
        with pytest.raises(Unavailable):
            await bus.start()
        await bus.connection.open()
        with pytest.raises(Unavailable):
            await bus.jetstream.state(EventName.of(MADE), "c")
        bus.accepting = True
        for known in (set[str](), {EventName.of(MADE).stream}):
            # With a stream that is missing, and with one that was there a moment ago.
            bus.streams.ours |= known
            with pytest.raises(Unavailable):
                await bus.publish(MADE, "acme/course/1", "e1", b"{}")
        await bus.consume(Consumer("user:R.on", MADE, Seen().deliver))
        await bus.stop(1.0)


async def test_a_restarted_server_goes_on_with_what_it_kept(
    server: RunningServer, make_bus: MakeBus
) -> None:
    bus, seen = await make_bus(), Seen()
    await bus.consume(Consumer("user:R.on", MADE, seen.deliver))
    await published(bus, "acme/course/1", b"one")
    await until(lambda: seen.all == [b"one"])
    server.kill()
    server.start()
    await published(bus, "acme/course/1", b"two")
    await until(lambda: b"two" in seen.all)
    # Killed so soon, the server may have forgotten that the first was acknowledged.
    assert list(dict.fromkeys(seen.all)) == [b"one", b"two"]


async def test_a_lost_server_is_unavailable_at_once_and_nothing_is_sent_later(
    server: RunningServer, make_bus: MakeBus
) -> None:
    """Requests that nobody could take must not happen when the server is back."""
    hosting, bus = await make_bus("hosting"), await make_bus("asking")
    asked: list[bytes] = []

    async def note(payload: bytes, header: str) -> bytes:
        asked.append(payload)
        return b"done"

    await hosting.serve("ask.course.v1.Note", note)
    server.kill()
    await until(lambda: not bus.connection.up)
    started = time.monotonic()
    with pytest.raises(Unavailable):
        await bus.ask("ask.course.v1.Note", b"lost", "", 5.0)
    with pytest.raises(Unavailable):
        await bus.publish(MADE, "acme/course/1", "e1", b"fact")
    assert time.monotonic() - started < 1
    server.start()
    await until(lambda: bus.connection.up)
    async with asyncio.timeout(LIMIT):
        while True:
            try:
                assert await bus.ask("ask.course.v1.Note", b"again", "", 1.0) == b"done"
                break
            except (Unavailable, DeadlineExceeded):
                await asyncio.sleep(0.05)
    assert b"lost" not in asked


async def test_a_wiped_server_gets_its_streams_and_consumers_again(
    server: RunningServer, make_bus: MakeBus
) -> None:
    """Events in the outbox archive may be published once more then."""
    bus, seen = await make_bus(), Seen()
    await bus.consume(Consumer("user:R.on", MADE, seen.deliver))
    await published(bus, "acme/course/1", b"one")
    await until(lambda: seen.all == [b"one"])
    server.kill()
    server.wipe()
    server.start()
    for envelope in (b"one", b"two"):
        await published(bus, "acme/course/1", envelope)
    await until(lambda: b"two" in seen.all)
    assert seen.all == [b"one", b"one", b"two"]


async def test_a_consumer_that_was_deleted_is_made_again(
    server: RunningServer, make_bus: MakeBus
) -> None:
    """An operator's mistake does not need a restart."""
    bus, seen = await make_bus(), Seen()
    await bus.consume(Consumer("user:R.on", MADE, seen.deliver))
    await published(bus, "acme/course/1", b"one")
    await until(lambda: seen.all == [b"one"])
    await bus.connection.request("$JS.API.STREAM.DELETE.evt_course", b"", 5.0)
    await published(bus, "acme/course/1", b"two")
    await until(lambda: seen.all[-1] == b"two")
