"""Bodies keep to their time: JSON as a whole, what is streamed by its rate."""

import asyncio
import weakref
from pathlib import Path
from typing import Any

import pytest
from raw_client import SECONDS

from colonnade.errors import RequestTimeout
from colonnade_runtime.edge.connections.body_time import BodyTime, TimedBody
from colonnade_runtime.testing.platform import running_platform
from tests.journeys.support.academy import copied_declaration

UPLOAD = (
    b'--b\r\nContent-Disposition: form-data; name="file"; filename="a.txt"\r\n'
    b"Content-Type: text/plain\r\n\r\n"
)


class Dripping:
    """A body of `parts` parts of a hundred bytes, one each fiftieth of a second."""

    def __init__(self, parts: int) -> None:
        self.left = parts

    async def __call__(self) -> Any:
        await asyncio.sleep(0.02)
        self.left -= 1
        return {"type": "http.request", "body": b"x" * 100, "more_body": self.left > 0}


async def received(body: TimedBody) -> int:
    """How many bytes arrive before the end."""
    size = 0
    while True:
        message: Any = await body.receive()
        size += len(message["body"])
        if not message["more_body"]:
            return size


async def test_a_stream_that_keeps_its_rate_may_take_as_long_as_it_likes() -> None:
    body = TimedBody(Dripping(50), BodyTime(0.3, 1000), lambda: True)
    assert await received(body) == 5_000


async def test_a_stream_below_its_rate_is_late() -> None:
    with pytest.raises(RequestTimeout):
        await received(TimedBody(Dripping(500), BodyTime(0.3, 1_000_000), lambda: True))


async def test_what_is_no_stream_has_one_time_for_all_of_it() -> None:
    with pytest.raises(RequestTimeout):
        await received(TimedBody(Dripping(500), BodyTime(0.3, 1000), lambda: False))


async def test_after_the_end_the_servers_side_is_held_no_more() -> None:
    """Errors leave frames that hold the body; the client's connection must not stay with it."""
    client = Dripping(50)
    held = weakref.ref(client)
    body = TimedBody(client, BodyTime(0.3, 1000), lambda: True)
    del client
    assert held() is not None
    body.let_go()
    assert held() is None
    assert (await body.receive())["type"] == "http.disconnect"


async def test_every_route_ends_a_body_that_does_not_come(tmp_path: Path) -> None:
    """JSON, a webhook, an upload and a path that does not exist, dripping and standing still."""
    declaration = copied_declaration(tmp_path)
    settings = [
        "gateway.connections.body=1s",
        "gateway.connections.minimum_rate=1MiB",
        "gateway.connections.head=10s",
    ]
    async with running_platform(declaration, settings=settings) as platform:
        port = int(platform.url.rpartition(":")[2])
        expected = {
            ("/auth/login", b'{"email": '): 408,
            ("/webhooks/sandbox", b"{"): 404,
            ("/files", UPLOAD): 401,
            ("/nowhere", b"{"): 404,
        }
        for (path, begin), status in expected.items():
            still, dripping = await asyncio.gather(
                answered(port, path, begin, b""), answered(port, path, begin, b" ")
            )
            for answer in (still, dripping):
                assert answer.startswith(b"HTTP/1.1 %d " % status), answer
                assert b"application/problem+json" in answer


async def answered(port: int, path: str, begin: bytes, drip: bytes) -> bytes:
    """All that comes back for a body of which `begin` came, and then `drip` again and again."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    kind = "multipart/form-data; boundary=b" if path == "/files" else "application/json"
    head = (
        f"POST /api/v1{path} HTTP/1.1\r\nHost: acme.localhost\r\nContent-Type: {kind}\r\n"
        f"Content-Length: 100000\r\n\r\n"
    )
    writer.write(head.encode() + begin)

    async def keep_dripping() -> None:
        while drip:
            await asyncio.sleep(0.05)
            writer.write(drip)

    dripping = asyncio.create_task(keep_dripping())
    try:
        async with asyncio.timeout(SECONDS):
            return await reader.read(-1)
    finally:
        dripping.cancel()
        writer.close()
