"""The server configuration of the operators' page runs, and permits what the bus needs."""

import asyncio
import re
from collections.abc import Callable
from pathlib import Path

import pytest
import structlog

from colonnade.bus import Consumer
from colonnade.errors import Unavailable
from colonnade_runtime.adapters.bus.nats import NatsBus
from colonnade_runtime.adapters.bus.nats.connection.options import read_options
from colonnade_runtime.testing.servers import RunningServer

PAGE = Path(__file__).parents[5] / "docs" / "operators" / "nats.md"
StartServer = Callable[..., RunningServer]

pytestmark = pytest.mark.server


@pytest.fixture
def server(
    start_server: StartServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> RunningServer:
    """A server with the configuration of the page; only the port and the folder are the test's."""
    monkeypatch.setenv("NATS_PASSWORD", "a-password")
    found = re.search(r"```conf nats-server\.conf\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL)
    assert found is not None
    path = tmp_path / "nats-server.conf"
    # The folder is given on the command line, and the server takes it from one place only.
    path.write_text(found[1].replace("  store_dir: var/nats\n", ""), "utf-8")
    return start_server("nats", "--config", str(path))


def bus_at(server: RunningServer, password: str) -> NatsBus:
    url = f"nats://colonnade@127.0.0.1:{server.port}"
    return NatsBus(read_options(url, Path(), password), "web", structlog.get_logger("nats"))


async def test_operations_and_events_need_no_more_than_it_permits(server: RunningServer) -> None:
    bus = bus_at(server, "a-password")
    await bus.start()
    seen: asyncio.Queue[bytes] = asyncio.Queue()

    async def echo(payload: bytes, header: str) -> bytes:
        return payload

    await bus.serve("ask.course.v1.Echo", echo)
    await bus.consume(Consumer("user:R.on", "colonnade.course.Made.v1", seen.put))
    assert await bus.ask("ask.course.v1.Echo", b"yes", "", 5.0) == b"yes"
    await bus.publish("colonnade.course.Made.v1", "acme/course/1", "e1", b"fact")
    async with asyncio.timeout(10):
        assert await seen.get() == b"fact"
    await bus.stop(5.0)


async def test_a_wrong_password_is_a_sentence_without_the_password(server: RunningServer) -> None:
    bus = bus_at(server, "another-password")
    with pytest.raises(Unavailable, match="Authorization") as caught:
        await bus.start()
    assert "another" not in str(caught.value)


def test_every_commit_reaches_the_disk() -> None:
    assert re.search(r"^\s*sync_interval: always$", PAGE.read_text("utf-8"), re.MULTILINE)
