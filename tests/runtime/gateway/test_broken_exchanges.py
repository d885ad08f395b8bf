"""What breaks on its way through the gateway: a problem document, and asked again where that is
harmless; bytes on real sockets on both sides."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import aiohttp
import pytest
from gateway_house import Echo, House, place, until
from structlog.testing import capture_logs

from colonnade_runtime.declaration.model.placement import Placement
from colonnade_runtime.testing.servers.server_process import free_port
from tests.raw_http import exchanged

Reader, Writer = asyncio.StreamReader, asyncio.StreamWriter
Answering = Callable[[Reader, Writer], Awaitable[None]]


@asynccontextmanager
async def process_of(answering: Answering) -> AsyncIterator[Placement]:
    """A process whose answers are these bytes."""
    server = await asyncio.start_server(answering, "127.0.0.1", 0)
    async with server:
        yield place(server.sockets[0].getsockname()[1])


def answers(*said: bytes) -> tuple[Answering, list[bytes]]:
    """Says one of these after another to whoever asks, hangs up, and keeps what was asked."""
    asked: list[bytes] = []

    async def answering(reader: Reader, writer: Writer) -> None:
        asked.append(await reader.readuntil(b"\r\n\r\n"))
        writer.write(said[min(len(asked), len(said)) - 1])
        await writer.drain()
        writer.close()

    return answering, asked


WHOLE = b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nwhole"
BROKEN = {
    "nothing": b"",
    "half a head": b"HTTP/1.1 200 OK\r\ncontent-",
    "no http": b"nonsense\r\n\r\n",
    "short": b"HTTP/1.1 200 OK\r\ncontent-length: 99\r\n\r\nshort",
    "bodiless": b"HTTP/1.1 200 OK\r\ncontent-length: 99\r\n\r\n",
    "unended chunks": b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n4\r\nhalf\r\n",
    "broken chunk": b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nZZ\r\nhalf\r\n",
}


@pytest.mark.parametrize("said", BROKEN.values(), ids=BROKEN)
@pytest.mark.parametrize("method", ["GET", "OPTIONS"])
async def test_what_reads_is_asked_again(house: House, method: str, said: bytes) -> None:
    answering, asked = answers(said, WHOLE)
    async with process_of(answering) as process:
        client = await house.open_gateway(process, patience=5.0)
        answer = await client.request(method, "/")
    assert (answer.status_code, answer.content) == (200, b"whole")
    assert len(asked) == 2


@pytest.mark.parametrize("said", BROKEN.values(), ids=BROKEN)
async def test_what_may_have_happened_is_a_problem_and_not_asked_again(
    house: House, said: bytes
) -> None:
    answering, asked = answers(said)
    with capture_logs() as logged:
        async with process_of(answering) as process:
            client = await house.open_gateway(process, patience=5.0)
            answer = await client.post("/", content=b"order")
    assert answer.status_code == 503
    assert answer.headers["content-type"] == "application/problem+json"
    # Classes of the library are for the log.
    sentence = "The process that had it went away; it may have happened."
    assert answer.json()["detail"] == sentence
    [line] = [each for each in logged if each["event"] == "process went away"]
    assert (line["process"], line["path"]) == ("a", "/")
    assert isinstance(line["error"], aiohttp.ClientError | OSError)
    assert len(asked) == 1


@pytest.mark.parametrize("said", BROKEN.values(), ids=BROKEN)
async def test_a_process_that_always_breaks_off_is_unavailable(house: House, said: bytes) -> None:
    answering, _ = answers(said)
    async with process_of(answering) as process:
        client = await house.open_gateway(process, patience=0.2)
        answer = await client.get("/")
    assert (answer.status_code, answer.json()["code"]) == (503, "unavailable")


async def test_a_slow_feed_begins_before_it_ends(house: House) -> None:
    go_on = asyncio.Event()

    async def feed(reader: Reader, writer: Writer) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n4\r\none\n\r\n")
        await go_on.wait()
        writer.write(b"4\r\ntwo\n\r\n0\r\n\r\n")
        writer.close()

    async with process_of(feed) as process:
        client = await house.open_gateway(process)
        async with client.stream("GET", "/") as answer:
            lines = answer.aiter_lines()
            assert await anext(lines) == "one"
            go_on.set()
            assert await anext(lines) == "two"


HEAD = b"POST / HTTP/1.1\r\nhost: acme.test\r\n"
BODIES = {
    "broken chunk": HEAD + b"transfer-encoding: chunked\r\n\r\n5\r\nhello\r\nZZ\r\n",
    "no chunk": HEAD + b"transfer-encoding: chunked\r\n\r\nZZ\r\n",
    "chunk without its end": HEAD + b"transfer-encoding: chunked\r\n\r\n5\r\nhelloXX\r\n",
}


@pytest.mark.parametrize("request_", BODIES.values(), ids=BODIES)
async def test_a_clients_broken_chunk_is_a_bad_request(house: House, request_: bytes) -> None:
    await house.open_gateway(await house.process(Echo()))
    answer = await exchanged(f"http://127.0.0.1:{house.port}", request_)
    assert answer is not None
    assert (answer.status, json.loads(answer.body)["code"]) == (400, "invalid_request")
    assert answer.all("x-content-type-options") == ["nosniff"]


async def test_a_client_that_leaves_mid_body_is_no_failure_of_a_process(house: House) -> None:
    await house.open_gateway(await house.process(Echo()))
    base = f"http://127.0.0.1:{house.port}"
    for length in (99, 10_000_000):
        cut = HEAD + b"content-length: %d\r\n\r\nhello" % length
        answer = await exchanged(base, cut, hang_up=True)
        assert answer is None or answer.status == 400
    assert not house.upstreams.all[0].breaker.open
    await until(lambda: _counted(house, "400") == 2)
    assert _counted(house, "500") == 0


def _counted(house: House, status: str) -> float:
    """Posts that were answered so, whatever their route."""
    return sum(
        sample.value
        for family in house.gateway.health.registry.collect()
        for sample in family.samples
        if sample.name == "colonnade_http_requests_total"
        and sample.labels["method"] == "POST"
        and sample.labels["status"] == status
    )


class Ready(Echo):
    """A process that is ready when it is there, which is not counted."""

    async def __call__(self, scope: object, receive: object, send: object) -> None:
        await super().__call__(scope, receive, send)
        if scope["path"] == "/readyz":  # type: ignore[index]
            self.requests -= 1


async def test_a_replica_that_was_killed_gets_its_share_again_once_it_is_ready(
    house: House,
) -> None:
    port, staying = free_port(), Ready()
    client = await house.open_gateway(place(port, "killed"), await house.process(staying))
    house.gateway.start()
    killed = house.upstreams.all[0]
    # The one that is not there is found out by requests, and its circuit opens.
    for _ in range(20):
        assert (await client.get("/")).status_code == 200
    for _ in range(2):
        killed.breaker.failed()
    assert killed.breaker.open
    back = Ready()
    await house.process(back, port)
    await until(lambda: killed.answers and not killed.breaker.open)
    before = staying.requests
    for _ in range(20):
        assert (await client.get("/")).status_code == 200
    assert (back.requests, staying.requests - before) == (10, 10)


async def test_a_half_open_circuit_is_tried_though_others_answer(house: House) -> None:
    port, staying = free_port(), Ready()
    client = await house.open_gateway(place(port, "killed"), await house.process(staying))
    killed = house.upstreams.all[0]
    for _ in range(2):
        killed.breaker.failed()
    back = Ready()
    await house.process(back, port)
    await until(lambda: not killed.breaker.resting)
    for _ in range(4):
        assert (await client.get("/")).status_code == 200
    assert back.requests >= 1
    assert not killed.breaker.open
