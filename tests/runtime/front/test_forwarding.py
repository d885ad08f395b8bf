"""The process in front: where a path goes, what is sent again, and what never is."""

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from types import SimpleNamespace
from typing import Any

import httpx
import pytest

from colonnade.errors import ColonnadeError
from colonnade_runtime.declaration.places import Place
from colonnade_runtime.front.forwarding import Forwarder
from colonnade_runtime.front.routing import RouteTable
from colonnade_runtime.front.upstreams import Upstreams
from colonnade_runtime.gateway.exchange import Exchange
from colonnade_runtime.gateway.problems import send_problem
from colonnade_runtime.listening import listening
from colonnade_runtime.testing.servers.running import free_port

Application = Callable[[Any, Any, Any], Awaitable[None]]


async def answered(send: Any, status: int, body: bytes, *headers: tuple[bytes, bytes]) -> None:
    await send({"type": "http.response.start", "status": status, "headers": list(headers)})
    await send({"type": "http.response.body", "body": body, "more_body": False})


async def body_of(receive: Any) -> bytes:
    body = b""
    while True:
        message = await receive()
        body += message.get("body", b"")
        if not message.get("more_body"):
            return body


class Echo:
    """A process that says what it was sent, and counts."""

    def __init__(self) -> None:
        self.requests = 0
        self.ready = True
        self.seen: dict[bytes, bytes] = {}

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            return None
        self.requests += 1
        self.seen = dict(scope["headers"])
        body = await body_of(receive)
        if not self.ready:
            return await answered(send, 503, b"", (b"colonnade-not-ready", b"1"))
        said = scope["method"].encode() + b" " + scope["path"].encode() + b"?"
        return await answered(send, 200, said + scope["query_string"] + b" " + body)


def place(port: int, name: str = "a") -> Place:
    return Place(name, 1, ("course",), "127.0.0.1", port)


class House:
    """Processes and one in front of them, over real sockets."""

    def __init__(self, stack: AsyncExitStack) -> None:
        self._stack = stack

    async def process(self, application: Application, port: int | None = None) -> Place:
        chosen = port or free_port()
        served = SimpleNamespace(gateway=application)
        await self._stack.enter_async_context(listening(served, "127.0.0.1", chosen))
        return place(chosen, str(chosen))

    async def front(self, *places: Place, patience: float = 0.3) -> httpx.AsyncClient:
        upstreams, forwarder = Upstreams(places), Forwarder(5.0)
        self._stack.push_async_callback(forwarder.close)

        async def application(scope: Any, receive: Any, send: Any) -> None:
            if scope["type"] != "http":
                return
            exchange = Exchange(scope, send)
            try:
                choose = lambda tried: upstreams.choose("course", tried)  # noqa: E731
                await forwarder.forward(choose, scope, receive, exchange, patience)
            except ColonnadeError as error:
                await send_problem(exchange, error)

        found = await self.process(application)
        client = httpx.AsyncClient(base_url=found.url, timeout=20)
        await self._stack.enter_async_context(client)
        async with asyncio.timeout(10):
            while not _listens(found.port):
                await asyncio.sleep(0.01)
        return client


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


@pytest.fixture
async def house() -> AsyncIterator[House]:
    async with AsyncExitStack() as stack:
        yield House(stack)


async def test_a_request_arrives_as_it_was_sent(house: House) -> None:
    echo = Echo()
    client = await house.front(await house.process(echo))
    answer = await client.post("/a%2Fb/c?x=1&x=%20", content=b"body", headers={"host": "acme.test"})
    assert answer.text == "POST /a/b/c?x=1&x=%20 body"
    assert echo.seen[b"host"] == b"acme.test"
    assert echo.seen[b"x-forwarded-for"].startswith(b"127.0.0.1")
    assert echo.seen[b"x-request-id"].decode() == answer.headers["x-request-id"]


async def test_large_bodies_go_through(house: House) -> None:
    client = await house.front(await house.process(Echo()))
    answer = await client.post("/", content=b"x" * 5_000_000)
    assert len(answer.content) > 5_000_000


async def test_a_process_that_is_gone_is_passed_over(house: House) -> None:
    echo = Echo()
    client = await house.front(place(free_port()), await house.process(echo))
    answers = [await client.post("/", content=b"small") for _ in range(5)]
    assert [answer.status_code for answer in answers] == [200] * 5
    assert echo.requests == 5


async def test_a_process_that_is_not_ready_is_passed_over_with_the_body(house: House) -> None:
    stopping, echo = Echo(), Echo()
    stopping.ready = False
    client = await house.front(await house.process(stopping), await house.process(echo))
    answer = await client.post("/", content=b"kept")
    assert answer.text.endswith("kept")
    assert echo.requests == 1


async def test_a_request_waits_for_a_process_that_starts(house: House) -> None:
    port = free_port()
    client = await house.front(place(port), patience=10.0)
    asking = asyncio.create_task(client.post("/", content=b"patient"))
    await asyncio.sleep(0.2)
    await house.process(Echo(), port)
    assert (await asking).text.endswith("patient")


async def test_nobody_at_all_is_unavailable(house: House) -> None:
    client = await house.front(place(free_port()))
    answer = await client.get("/")
    assert answer.status_code == 503
    assert answer.json()["code"] == "unavailable"


async def test_what_may_have_happened_is_not_sent_again(house: House) -> None:
    """The process took the order and broke the connection before it answered."""
    taken = 0

    async def take(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal taken
        await reader.readuntil(b"\r\n\r\n")
        taken += 1
        writer.close()

    server = await asyncio.start_server(take, "127.0.0.1", 0)
    async with server:
        client = await house.front(place(server.sockets[0].getsockname()[1]), patience=2.0)
        answer = await client.post("/", content=b"order")
    assert answer.status_code == 503
    assert "may have happened" in answer.json()["detail"]
    assert taken == 1


def test_a_literal_segment_wins_over_a_parameter() -> None:
    table = RouteTable()
    table.add(["api", "v1", "courses", None], "course")
    table.add(["api", "v1", "courses", "mine"], "user")
    table.add(["api", "v1", "courses", "mine", "files"], "content")
    assert table.service_of("/api/v1/courses/7") == "course"
    assert table.service_of("/api/v1/courses/mine") == "user"
    assert table.service_of("/api/v1/courses/mine/files") == "content"
    assert table.service_of("/api/v1/courses") is None
    assert table.service_of("/") is None
