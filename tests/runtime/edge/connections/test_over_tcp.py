"""A listener keeps its bounds, whatever clients do with their connections."""

import asyncio
import socket
from typing import Any

import pytest
from raw_client import GET, PING, SECONDS, SETTINGS, is_answered, is_closed, served

from colonnade_runtime.edge.connections.limits import ConnectionLimits

pytestmark = pytest.mark.skipif(
    not hasattr(socket, "TCP_INFO"), reason="the system does not show its connections"
)

HASTY = ConnectionLimits(maximum=64, per_address=64, head=0.5, idle=0.5, answer=0.5)
UNHURRIED = ConnectionLimits(maximum=64, per_address=64, head=0.5, idle=600.0, answer=600.0)


async def short(scope: Any, receive: Any, send: Any) -> None:
    """An answer at once."""
    headers = [(b"content-length", b"0")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": b"", "more_body": False})


async def large(scope: Any, receive: Any, send: Any) -> None:
    """An answer that fits into no buffer."""
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": bytes(64 * 2**20), "more_body": False})


@pytest.mark.parametrize(
    ("first", "drip"),
    [
        (b"", b""),
        (b"G", b""),
        (b"GET / HTTP/1.1\r\nHo", b""),
        (b"GET / HTTP/1.1\r\nX: ", b"a"),
        (b"PRI * HT", b""),
        (SETTINGS, b""),
        (SETTINGS, PING),
        (GET, b""),
        (GET, b"\r\n"),
        (GET + b"GET / HTTP/1.1\r\nX: ", b"a"),
    ],
)
async def test_whoever_asks_nothing_goes(first: bytes, drip: bytes) -> None:
    async with served(short, HASTY) as port:
        assert await is_closed(port, first, drip)


@pytest.mark.parametrize("drip", [b"", b"a"])
async def test_a_head_has_less_time_than_an_idle_connection(drip: bytes) -> None:
    async with served(short, UNHURRIED) as port:
        begun = b"GET / HTTP/1.1\r\nX: "
        ends = await asyncio.gather(
            is_closed(port, begun, drip), is_closed(port, b"", within=3.0),
            is_closed(port, GET, within=3.0),
        )  # fmt: skip
        assert ends == [True, False, False]


async def test_a_client_that_does_not_read_goes() -> None:
    async with served(large, HASTY) as port:
        with socket.socket() as client:
            client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            client.setblocking(False)
            loop = asyncio.get_running_loop()
            await loop.sock_connect(client, ("127.0.0.1", port))
            await loop.sock_sendall(client, GET)
            async with asyncio.timeout(SECONDS):
                while client.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 1)[0] == 1:
                    await asyncio.sleep(0.05)


async def test_a_client_that_reads_slowly_gets_everything() -> None:
    async with served(large, HASTY) as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=2**16)
        writer.write(GET)
        received = 0
        loop = asyncio.get_running_loop()
        slow_until = loop.time() + 3.0
        async with asyncio.timeout(SECONDS):
            while received < 64 * 2**20 and (part := await reader.read(2**18)):
                received += len(part)
                if loop.time() < slow_until:
                    await asyncio.sleep(0.05)
        writer.close()
        assert received > 64 * 2**20 - 1


async def test_a_request_that_runs_is_left_alone() -> None:
    async def slow(scope: Any, receive: Any, send: Any) -> None:
        await asyncio.sleep(2.5)
        await short(scope, receive, send)

    async with served(slow, HASTY) as port:
        assert await is_answered(port)


async def test_idle_connections_make_room_for_strangers() -> None:
    limits = ConnectionLimits(maximum=64, per_address=64, idle=600.0, head=600.0)
    async with served(short, limits) as port:
        held = []
        for number in range(96):
            _, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(GET if number % 2 else b"GET / HT")
            held.append(writer)
        assert await is_answered(port)
        for writer in held:
            writer.close()
