"""The listener closes within a bound, whatever its clients do."""

import asyncio
from typing import Any

from colonnade_runtime.edge.listening import available_port, listening


async def test_an_answer_that_nobody_ends_does_not_hold_up_the_end() -> None:
    released = asyncio.Event()

    async def endless(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"x", "more_body": True})
        await released.wait()

    port = available_port("127.0.0.1", 0)
    async with asyncio.timeout(20):
        async with listening(endless, "127.0.0.1", port):
            reader, writer = await _connected(port)
            writer.write(b"GET / HTTP/1.1\r\nHost: acme.localhost\r\n\r\n")
            assert (await reader.readline()).startswith(b"HTTP/1.1 200 ")
    released.set()
    writer.close()


async def _connected(port: int) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    while True:
        try:
            return await asyncio.open_connection("127.0.0.1", port)
        except OSError:
            await asyncio.sleep(0.02)
