"""A server at NATS's address that says anything: unavailable, and found again when it is one."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import structlog

from colonnade.errors import Unavailable
from colonnade_runtime.adapters.bus.nats import NatsBus
from colonnade_runtime.adapters.bus.nats.connection.connection import Connection
from colonnade_runtime.adapters.bus.nats.connection.options import read_options

INFO = b'INFO {"server_id": "x", "version": "2.14.0", "headers": true, "max_payload": 1048576}\r\n'
GREETINGS = {
    "nothing": b"",
    "no line": b"INFO",
    "a page": b"HTTP/1.1 400 Bad Request\r\n\r\n",
    "no JSON": b"INFO {\r\n",
    "great depth": b"INFO " + b"[" * 50_000 + b"\r\n",
    "a list": b"INFO [1]\r\n",
    "null": b"INFO null\r\n",
    "a number": b"INFO 7\r\n",
    "no text": b"INFO \xff\xfe\r\n",
    "sizes of no kind": b'INFO {"max_payload": "much", "headers": true}\r\n',
    "servers of no kind": b'INFO {"connect_urls": [7, null], "headers": true}\r\n',
    "a line without end": b"INFO {" + b"x" * 2_000_000,
}
LATER = {
    "no command": b"WHAT IS THIS\r\n",
    "greeting that is no JSON": b"INFO {\r\n",
    "greeting of great depth": b"INFO " + b"[" * 3_000 + b"\r\n",
    "message of no number": b"MSG a b c d\r\n",
    "error that is no text": b"-ERR '\xff\xfe'\r\n",
    "noise": bytes(range(256)) + b"\r\n",
}


@asynccontextmanager
async def server(greeting: bytes, later: bytes = b"") -> AsyncIterator[tuple[str, list[int]]]:
    """A server with a greeting, that answers pings and says `later` once; counts connections."""
    connections: list[int] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connections.append(len(connections))
        try:
            writer.write(greeting)
            while line := await reader.readline():
                if line.startswith(b"PING"):
                    writer.write(b"PONG\r\n")
                elif line.startswith(b"SUB") and len(connections) == 1:
                    writer.write(later)
                await writer.drain()
        except (OSError, ValueError):
            return
        finally:
            writer.close()

    made = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with made:
        yield f"nats://127.0.0.1:{made.sockets[0].getsockname()[1]}", connections


@pytest.mark.parametrize("greeting", GREETINGS)
async def test_what_greets_as_no_server_does_is_unavailable(greeting: str) -> None:
    async with server(GREETINGS[greeting]) as (url, _):
        bus = NatsBus(read_options(url, Path()), "web", structlog.get_logger("nats"))
        with pytest.raises(Unavailable):
            await bus.start()
        await bus.stop(0.1)


@pytest.mark.parametrize("later", LATER)
async def test_what_no_server_says_later_ends_in_a_new_connection(later: str) -> None:
    """A connection that nobody reads is none, without the pings of half a minute."""
    async with server(INFO, LATER[later]) as (url, connections):
        connection = Connection(read_options(url, Path()), "web", structlog.get_logger("nats"))
        await connection.open()
        async with asyncio.timeout(10):
            while len(connections) < 2 or not connection.up:
                await asyncio.sleep(0.02)
        await connection.arrived()
        await connection.close()
