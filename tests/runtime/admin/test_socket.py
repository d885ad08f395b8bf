"""The admin socket: who owns it, who may connect, and what happens to nonsense."""

import asyncio
import json
import os
import socket
import stat
from pathlib import Path
from typing import Any

import kiosk.plugin
import pytest
from click.testing import CliRunner
from kiosk.api import GetCount
from running_kiosk import RunningKiosk

from colonnade.errors import ConfigurationError, DeadlineExceeded, InvalidRequest, NotFound
from colonnade.identifiers import new_id
from colonnade_runtime.admin.client import AdminClient, NotRunning
from colonnade_runtime.admin.protocol import MAXIMUM_LINE
from colonnade_runtime.admin.running import administered
from colonnade_runtime.assembly.declared import read_declaration
from colonnade_runtime.cli import main
from colonnade_runtime.process.runtime import Runtime
from colonnade_runtime.process.socket_file import AlreadyRuns, address_of, claimed, socket_path


async def conversation(running: RunningKiosk, data: bytes) -> bytes:
    """What the server answers to raw bytes until it hangs up or says a line."""
    reader, writer = await asyncio.open_unix_connection(
        str(socket_path(running.site, "main")), limit=2 * MAXIMUM_LINE
    )
    try:
        writer.write(data)
        async with asyncio.timeout(20):
            return await reader.readline()
    finally:
        writer.close()


def test_only_the_owner_may_use_the_socket(tmp_path: Path) -> None:
    with claimed(tmp_path, "main", "a test"):
        path = socket_path(tmp_path, "main")
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert not path.exists()


def test_a_live_owner_is_named_to_the_next(tmp_path: Path) -> None:
    with claimed(tmp_path, "main", "colonnade run"):
        with pytest.raises(AlreadyRuns) as caught, claimed(tmp_path, "main", "another"):
            pass
        assert f"colonnade run (process {os.getpid()})" in caught.value.message
    with claimed(tmp_path, "main", "another"):
        pass


def test_what_a_killed_process_left_is_replaced(tmp_path: Path) -> None:
    path = socket_path(tmp_path, "main")
    path.parent.mkdir(parents=True)
    dead = socket.socket(socket.AF_UNIX)
    dead.bind(address_of(path))
    dead.close()
    path.with_suffix(".lock").write_text("colonnade run (process 1)")
    with pytest.raises(NotRunning):
        AdminClient(path)
    with claimed(tmp_path, "main", "a test") as listener:
        listener.listen()
        with AdminClient(path):
            pass


def test_a_path_that_no_system_takes_is_a_sentence(tmp_path: Path) -> None:
    deep = tmp_path / ("d" * 100)
    with pytest.raises(ConfigurationError, match="has a path of more than 103 bytes"):
        address_of(socket_path(deep, "main"))


def test_a_deep_folder_is_reached_from_inside(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    deep = tmp_path / ("d" * 100)
    deep.mkdir()
    monkeypatch.chdir(deep)
    with claimed(Path(), "main", "a test"):
        assert (deep / "var" / "run" / "main.sock").exists()


def test_a_command_says_how_to_start_what_does_not_run(site: Path) -> None:
    file = str(site / "platform.yaml")
    result = CliRunner().invoke(main, ["--platform", file, "sagas", "list"])
    assert result.exit_code == 1
    assert f"colonnade --platform {file} run" in result.stderr


async def test_commands_wait_until_the_platform_has_started(site: Path) -> None:
    runtime = Runtime(read_declaration(site / "platform.yaml", extra=[kiosk.plugin]))

    def work() -> Any:
        with AdminClient(socket_path(site, "main")) as client:
            return client.ask("acme", GetCount(sale_id=new_id()))

    async with administered(runtime, "a test") as administration:
        answer = asyncio.create_task(asyncio.to_thread(work))
        await runtime.start()
        assert not answer.done()
        administration.open()
        assert (await answer).times == 0
        await administration.close()
        await runtime.stop()


async def test_a_stop_hangs_up_idle_connections_and_refuses_waiting_calls(site: Path) -> None:
    runtime = Runtime(read_declaration(site / "platform.yaml", extra=[kiosk.plugin]))

    def work() -> None:
        with AdminClient(socket_path(site, "main")) as client:
            client.run("outbox.status", {})

    async with administered(runtime, "a test") as administration:
        _, idle = await asyncio.open_unix_connection(str(socket_path(site, "main")))
        waiting = asyncio.create_task(asyncio.to_thread(work))
        # Connected, and its call read: it is one of two connections, and the busy one.
        async with asyncio.timeout(10):
            while not administration.server.busy:
                await asyncio.sleep(0.005)
        async with asyncio.timeout(10):
            await administration.close()
        idle.close()
    with pytest.raises(Exception, match="The platform stops"):
        await waiting


@pytest.mark.parametrize(
    "line",
    [b"hello\n", b"[]\n", b'{"command": 1}\n', b'{"command": "x", "more": 1}\n', b"\xff\n"],
)
async def test_what_is_no_call_is_answered_with_a_sentence(
    running: RunningKiosk, line: bytes
) -> None:
    answer = json.loads(await conversation(running, line))
    assert answer["error"]["code"] == "invalid_request"


async def test_a_line_without_end_is_hung_up_on(running: RunningKiosk) -> None:
    assert await conversation(running, b"x" * (MAXIMUM_LINE + 2)) == b""
    assert await running.read("outbox", "status") == []


async def test_an_unknown_command_is_a_sentence(running: RunningKiosk) -> None:
    def work() -> None:
        with running.client() as client, pytest.raises(NotFound, match="no command 'fly'"):
            client.run("fly", {})

    await asyncio.to_thread(work)


async def test_an_unknown_argument_is_refused(running: RunningKiosk) -> None:
    def work() -> None:
        with running.client() as client, pytest.raises(InvalidRequest, match="wings"):
            client.run("outbox.status", {"wings": 2})

    await asyncio.to_thread(work)


async def test_a_call_that_takes_too_long_may_have_happened(running: RunningKiosk) -> None:
    def work() -> None:
        with running.client() as client, pytest.raises(DeadlineExceeded):
            client.run("outbox.status", {}, seconds=1e-9)

    await running.ask(GetCount(sale_id=new_id()))
    await asyncio.to_thread(work)


async def test_a_stream_that_ends_early_is_an_error_and_the_server_goes_on(
    running: RunningKiosk,
) -> None:
    call = {
        "command": "ask",
        "arguments": {"tenant": "acme", "subject": "ask.kiosk.v1.Deliver", "request": {}},
        "seconds": 10,
        "stream": True,
    }
    _, writer = await asyncio.open_unix_connection(str(socket_path(running.site, "main")))
    writer.write(json.dumps(call).encode() + b'\n{"data": "eHg="}\n')
    await writer.drain()
    writer.close()
    assert await running.read("outbox", "status") == []
