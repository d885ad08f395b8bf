"""Large bodies and WebSockets through the process in front: both ways, never held whole."""

import asyncio
from typing import Any

import aiohttp
import httpx
import pytest
from gateway_house import House, place, until

from colonnade_runtime.edge.connections.body_time import BodyTime

CHUNK = b"x" * 65536
LARGE = 256 * 1024 * 1024
KEPT = 32 * 1024 * 1024
"""More than what the sockets and libraries on the way hold; far less than what is sent."""


class Source:
    """Sends far more than anybody keeps, and counts what it could send."""

    def __init__(self) -> None:
        self.sent = 0

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        length = (b"content-length", str(LARGE).encode())
        await send({"type": "http.response.start", "status": 200, "headers": [length]})
        while self.sent < LARGE:
            await send({"type": "http.response.body", "body": CHUNK, "more_body": True})
            self.sent += len(CHUNK)
        await send({"type": "http.response.body", "body": b"", "more_body": False})


class Sink:
    """Takes nothing of a body until it may."""

    def __init__(self) -> None:
        self.begun, self.go = asyncio.Event(), asyncio.Event()
        self.taken = 0

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        self.begun.set()
        await self.go.wait()
        more = True
        while more:
            message = await receive()
            self.taken += len(message.get("body", b""))
            more = message.get("more_body", False)
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"", "more_body": False})


async def settled(count: Any) -> int:
    """What `count` says once it has stopped growing."""
    before = -1
    async with asyncio.timeout(20):
        while (now := count()) != before or now == 0:
            before = now
            await asyncio.sleep(0.3)
    return before


async def test_a_download_goes_no_faster_than_its_reader(house: House) -> None:
    source = Source()
    await house.open_gateway(await house.process(source))
    reader, writer = await asyncio.open_connection("127.0.0.1", house.port, limit=1024)
    writer.write(b"GET / HTTP/1.1\r\nhost: x\r\n\r\n")
    await reader.readuntil(b"\r\n")
    assert await settled(lambda: source.sent) < KEPT
    writer.close()


async def test_an_upload_goes_no_faster_than_its_process(house: House) -> None:
    sink = Sink()
    await house.open_gateway(await house.process(sink))
    _, writer = await asyncio.open_connection("127.0.0.1", house.port)
    writer.write(b"POST / HTTP/1.1\r\nhost: x\r\ncontent-length: %d\r\n\r\n" % LARGE)
    sent = 0

    async def pour() -> None:
        nonlocal sent
        while sent < LARGE:
            writer.write(CHUNK)
            await writer.drain()
            sent += len(CHUNK)

    pouring = asyncio.create_task(pour())
    await asyncio.wait_for(sink.begun.wait(), 10)
    assert await settled(lambda: sent) < KEPT
    pouring.cancel()
    writer.close()
    sink.go.set()


async def test_an_answer_that_breaks_off_is_not_taken_for_a_whole_one(house: House) -> None:
    async def break_off(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n")
        writer.write(b"20000\r\n" + b"x" * 0x20000 + b"\r\n")
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(break_off, "127.0.0.1", 0)
    async with server:
        client = await house.open_gateway(place(server.sockets[0].getsockname()[1]))
        with pytest.raises(httpx.RemoteProtocolError):
            await client.get("/")


async def echo_socket(scope: Any, receive: Any, send: Any) -> None:
    """Accepts one subprotocol, sends back what comes, and closes when told."""
    if scope["type"] != "websocket" or scope["path"] == "/refused":
        return
    await receive()
    await send(
        {"type": "websocket.accept", "subprotocol": "echo" if scope["subprotocols"] else None}
    )
    while (message := await receive())["type"] == "websocket.receive":
        if message.get("text") == "close":
            await send({"type": "websocket.close", "code": 4001})
            return
        kind = "text" if message.get("text") is not None else "bytes"
        await send({"type": "websocket.send", kind: message[kind]})


async def test_a_websocket_is_passed_through(house: House) -> None:
    await house.open_gateway(await house.process(echo_socket))
    async with (
        aiohttp.ClientSession() as session,
        session.ws_connect(f"http://127.0.0.1:{house.port}/x", protocols=["echo"]) as socket,
    ):
        assert socket.protocol == "echo"
        await socket.send_str("hello")
        assert await socket.receive_str(timeout=10) == "hello"
        await socket.send_bytes(b"\x00\xff" * 100_000)
        assert len(await socket.receive_bytes(timeout=10)) == 200_000
        await socket.send_str("close")
        await socket.receive(timeout=10)
        assert socket.close_code == 4001


async def test_a_websocket_that_nobody_takes_is_refused(house: House) -> None:
    await house.open_gateway(await house.process(echo_socket))
    async with aiohttp.ClientSession() as session:
        for path in ("/refused", "/nobodys"):
            with pytest.raises(aiohttp.WSServerHandshakeError):
                await session.ws_connect(f"http://127.0.0.1:{house.port}{path}")


async def test_a_front_that_stops_closes_websockets_with_a_reason(house: House) -> None:
    await house.open_gateway(await house.process(echo_socket))
    async with (
        aiohttp.ClientSession() as session,
        session.ws_connect(f"http://127.0.0.1:{house.port}/x") as socket,
    ):
        await socket.send_str("hello")
        assert await socket.receive_str(timeout=10) == "hello"
        await house.gateway.stop(0.0, 5.0)
        await socket.receive(timeout=10)
        assert socket.close_code == aiohttp.WSCloseCode.GOING_AWAY
        await until(lambda: not house.gateway.sockets)


@pytest.mark.parametrize("length", [1_000, 1_000_000])
@pytest.mark.parametrize("method", ["POST", "DELETE"])
async def test_a_body_that_does_not_come_is_told_so(house: House, length: int, method: str) -> None:
    sink = Sink()
    sink.go.set()
    await house.open_gateway(await house.process(sink), body_time=BodyTime(0.5, 1024 * 1024))
    reader, writer = await asyncio.open_connection("127.0.0.1", house.port)
    head = f"{method} /slow HTTP/1.1\r\nHost: a\r\nContent-Length: {length}\r\n\r\n"
    writer.write(head.encode() + b"begun")
    async with asyncio.timeout(15):
        answer = await reader.readuntil(b"\r\n\r\n")
    writer.close()
    assert answer.startswith(b"HTTP/1.1 408 ")
    assert b"application/problem+json" in answer


async def test_an_upload_that_keeps_its_rate_may_be_slow(house: House) -> None:
    sink = Sink()
    sink.go.set()
    client = await house.open_gateway(await house.process(sink), body_time=BodyTime(0.5, 1024))

    async def dripping() -> Any:
        for _ in range(30):
            await asyncio.sleep(0.05)
            yield b"x" * 1024

    answer = await client.post("/slow", content=dripping())
    assert answer.status_code == 200
    assert sink.taken == 30 * 1024
