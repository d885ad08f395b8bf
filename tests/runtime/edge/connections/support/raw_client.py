"""A client that keeps to no convention."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from colonnade_runtime.edge.connections.limits import ConnectionLimits
from colonnade_runtime.edge.listening import listening

SECONDS = 20.0
"""A bound on whatever is waited for."""

GET = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"
SETTINGS = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\4\0\0\0\0\0"
PING = b"\0\0\x08\x06\0\0\0\0\0" + b"pingpong"


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@asynccontextmanager
async def served(application: Any, limits: ConnectionLimits) -> AsyncIterator[int]:
    """The port on which `application` is served within `limits`."""
    port = free_port()
    async with listening(application, "127.0.0.1", port, limits=limits):
        async with asyncio.timeout(SECONDS):
            while True:
                try:
                    _, writer = await asyncio.open_connection("127.0.0.1", port)
                except ConnectionRefusedError:
                    await asyncio.sleep(0.01)
                    continue
                writer.close()
                break
        yield port


async def is_closed(
    port: int, first: bytes, drip: bytes = b"", every: float = 0.05, within: float = SECONDS
) -> bool:
    """Whether the server ends a connection that sends `first`, then `drip` again and again."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(first)

    async def keep_dripping() -> None:
        while drip:
            await asyncio.sleep(every)
            writer.write(drip)

    dripping = asyncio.create_task(keep_dripping())
    try:
        async with asyncio.timeout(within):
            while await reader.read(4096):
                pass
        return True
    except TimeoutError:
        return False
    except OSError:
        return True
    finally:
        dripping.cancel()
        writer.close()


async def is_answered(port: int) -> bool:
    """Whether a stranger gets an answer."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        writer.write(GET)
        async with asyncio.timeout(SECONDS):
            return b" 200 " in await reader.readline()
    finally:
        writer.close()
