"""Processes and one in front of them, for the tests of the gateway."""

import asyncio
import socket
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from ipaddress import ip_network
from typing import Any

import httpx
import structlog

from colonnade_runtime.declaration.model.placement import Placement
from colonnade_runtime.edge.connections.body_time import BodyTime
from colonnade_runtime.edge.forwarded.origin import TrustedProxies
from colonnade_runtime.edge.forwarded.seal import Seal
from colonnade_runtime.edge.http.access_log import AccessLog
from colonnade_runtime.edge.listening import listening
from colonnade_runtime.gateway.application import GatewayApplication
from colonnade_runtime.gateway.routing import Route, RouteTable
from colonnade_runtime.gateway.upstreams import Upstreams
from colonnade_runtime.testing.servers.server_process import free_port

SEAL = Seal(b"k" * 32)

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
        self.headers: list[tuple[bytes, bytes]] = []

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            return None
        self.requests += 1
        self.seen = dict(scope["headers"])
        body = await body_of(receive)
        if not self.ready:
            return await answered(send, 503, b"", (b"colonnade-not-ready", b"1"))
        said = scope["method"].encode() + b" " + scope["path"].encode() + b"?"
        answer = said + scope["query_string"] + b" " + body
        return await answered(send, 200, answer, *self.headers)


def place(port: int, name: str = "a") -> Placement:
    return Placement(name, 1, ("course",), "127.0.0.1", port)


class EveryPath(RouteTable):
    """All paths but one are one service's."""

    services = frozenset({"course"})  # type: ignore[assignment]

    def find(self, path: str) -> Route | None:
        return None if path == "/nobodys" else Route("course", "/every")


class House:
    """Processes and one in front of them, over real sockets."""

    def __init__(self, stack: AsyncExitStack) -> None:
        self._stack = stack
        self.port = 0

    async def process(self, application: Application, port: int | None = None) -> Placement:
        chosen = port or free_port()
        await self._stack.enter_async_context(
            listening(application, "127.0.0.1", chosen, websockets=True)
        )
        await until(lambda: _listens(chosen))
        return place(chosen, str(chosen))

    async def open_gateway(
        self,
        *places: Placement,
        patience: float = 0.3,
        trusted: tuple[str, ...] = (),
        access_log: AccessLog | None = None,
        body_time: BodyTime | None = None,
    ) -> httpx.AsyncClient:
        self.upstreams = Upstreams(places)
        self.gateway = GatewayApplication(
            EveryPath(),
            self.upstreams,
            5.0,
            structlog.get_logger(),
            SEAL,
            TrustedProxies([ip_network(each) for each in trusted]),
            patience=patience,
            access_log=access_log,
            body_time=body_time,
        )
        self._stack.push_async_callback(self.gateway.stop, 0.0, 1.0)
        self.port = (await self.process(self.gateway)).port
        client = httpx.AsyncClient(base_url=f"http://127.0.0.1:{self.port}", timeout=20)
        await self._stack.enter_async_context(client)
        return client


async def until(condition: Callable[[], object]) -> None:
    async with asyncio.timeout(15):
        while not condition():
            await asyncio.sleep(0.01)


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
