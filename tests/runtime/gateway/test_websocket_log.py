"""WebSockets stand in the access log: when they open, and when they close."""

import json
import os
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from gateway_house import House, place, until

from colonnade_runtime.declaration.model.placement import Placement
from colonnade_runtime.edge.http.access_log import AccessLog, console_lines, json_lines
from colonnade_runtime.edge.http.caller_header import CALLER
from colonnade_runtime.observability.line_writer import LineWriter
from colonnade_runtime.testing.servers.server_process import free_port

ADA = "user:018f0000-0000-7000-8000-000000000001"


@pytest.fixture
async def process() -> AsyncIterator[Placement]:
    """One that says whom a socket is for, and closes it when told."""

    async def take(request: web.Request) -> web.StreamResponse:
        if request.path == "/readyz":
            return web.Response()
        if request.path == "/refused":
            return web.Response(status=403)
        socket = web.WebSocketResponse()
        socket.headers[CALLER.decode()] = f"acme {ADA}"
        await socket.prepare(request)
        async for message in socket:
            if message.data == "close":
                await socket.close(code=4001)
        return socket

    application = web.Application()
    application.router.add_get("/{path:.*}", take)
    runner, port = web.AppRunner(application), free_port()
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    yield place(port)
    await runner.cleanup()


class Log:
    """An access log into a file."""

    def __init__(self, path: Path, render: Any = json_lines) -> None:
        self._path = path
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT, 0o600)
        self.writing = AccessLog(render, LineWriter(descriptor))

    @property
    def text(self) -> str:
        self.writing.hand_over()
        return self._path.read_text()

    def lines(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.text.splitlines()]


@pytest.mark.parametrize(("said", "code"), [("close", 4001), ("", 4002)])
async def test_a_websocket_has_a_line_when_it_opens_and_one_when_it_closes(
    house: House, process: Placement, tmp_path: Path, said: str, code: int
) -> None:
    log = Log(tmp_path / "log")
    await house.open_gateway(process, access_log=log.writing)
    headers = {"X-Request-Id": "of-this-socket"}
    url = f"http://127.0.0.1:{house.port}/x?token=secret"
    async with aiohttp.ClientSession() as session:
        socket = await session.ws_connect(url, headers=headers)
        await until(lambda: len(log.lines()) == 1)
        if said:
            await socket.send_str(said)
            await socket.receive(timeout=10)
        await socket.close(code=4002)
        await until(lambda: len(log.lines()) == 2)

    opened, closed = log.lines()
    assert (opened["event"], opened["status"], opened["close_code"]) == (
        "websocket opened", 101, None,
    )  # fmt: skip
    assert (closed["event"], closed["close_code"]) == ("websocket closed", code)
    assert closed["milliseconds"] >= opened["milliseconds"] > 0
    for line in (opened, closed):
        assert (line["tenant"], line["principal"]) == ("acme", ADA)
        assert (line["client"], line["request_id"]) == ("127.0.0.0/24", "of-this-socket")
        assert line["path"] == "/x"


async def test_a_handshake_that_comes_to_nothing_has_a_line(
    house: House, process: Placement, tmp_path: Path
) -> None:
    log = Log(tmp_path / "log")
    await house.open_gateway(process, access_log=log.writing)
    async with aiohttp.ClientSession() as session:
        with pytest.raises(aiohttp.WSServerHandshakeError):
            await session.ws_connect(f"http://127.0.0.1:{house.port}/refused")
    await until(lambda: len(log.lines()) == 1)

    [line] = log.lines()
    assert (line["event"], line["status"]) == ("websocket refused", 403)
    assert (line["principal"], line["client"]) == (None, "127.0.0.0/24")


async def test_sockets_that_the_end_of_the_front_closes_have_their_line(
    house: House, process: Placement, tmp_path: Path
) -> None:
    log = Log(tmp_path / "log", console_lines)
    await house.open_gateway(process, access_log=log.writing)
    async with aiohttp.ClientSession() as session:
        socket = await session.ws_connect(f"http://127.0.0.1:{house.port}/x")
        await house.gateway.stop(0.0, 5.0)
        await socket.receive(timeout=10)
    await until(lambda: "websocket closed /x" in log.text)

    assert f"acme {ADA} 127.0.0.0/24" in log.text
