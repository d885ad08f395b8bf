"""A server that knows a user for each process, as the command prints them, and no others."""

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
import structlog
from click.testing import CliRunner
from structlog.testing import CapturingLogger

from colonnade.adapters import AdapterContext
from colonnade.clock import SystemClock
from colonnade.secrets import Secret
from colonnade_runtime.adapters.bus.nats import NatsBus, nats_bus
from colonnade_runtime.cli import main
from colonnade_runtime.testing.servers import RunningServer
from tests.runtime.adapters.bus.nats.users.guarded import PLATFORM, PROCESSES, ROOT, USERS, Guarded


@pytest.fixture
def guarded(
    start_server: Callable[..., RunningServer], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Guarded:
    """Started; nothing is set up there."""
    for user in USERS:
        monkeypatch.setenv(f"NATS_PASSWORD_{user.upper().replace('-', '_')}", f"of-{user}")
    platform = tmp_path / "platform.yaml"
    platform.write_text(PLATFORM % {"root": ROOT, "port": 4222}, "utf-8")
    done = CliRunner().invoke(main, ["--platform", str(platform), "nats", "permissions"])
    assert done.exit_code == 0, done.output
    configuration = tmp_path / "nats-server.conf"
    configuration.write_text(done.stdout, "utf-8")
    server = start_server("nats", "--config", str(configuration))
    platform.write_text(PLATFORM % {"root": ROOT, "port": server.port}, "utf-8")
    return Guarded(server, platform)


@pytest.fixture
async def ready(guarded: Guarded) -> Guarded:
    """Set up with the command."""
    done = await asyncio.to_thread(guarded.command, "setup")
    assert done.exit_code == 0, done.output
    return guarded


@pytest.fixture
def said() -> CapturingLogger:
    """Lines that the buses log."""
    return CapturingLogger()


MakeUserBus = Callable[..., NatsBus]


@pytest.fixture
async def bus_of(guarded: Guarded, said: CapturingLogger) -> AsyncIterator[MakeUserBus]:
    """Makes the bus of a process from a declaration that is the same for all of them."""
    log = structlog.wrap_logger(said, processors=[structlog.processors.KeyValueRenderer()])
    made: list[NatsBus] = []

    def make(process: str, *, administrator: str | None = None) -> NatsBus:
        bus = nats_bus(
            AdapterContext(
                url=f"nats://{{process}}@127.0.0.1:{guarded.server.port}",
                password=Secret(f"of-{process}"),
                root=Path(),
                process=process,
                clock=SystemClock(),
                log=log,
                is_known=lambda tenant: True,
                administrator=None if administrator is None else Secret(administrator),
            )
        )
        made.append(bus)
        return bus

    yield make
    for bus in made:
        await bus.stop(1.0)


@pytest.fixture
async def buses(ready: Guarded, bus_of: MakeUserBus) -> dict[str, NatsBus]:
    """The started bus of every process, by name."""
    found = {process: bus_of(process) for process in PROCESSES}
    for bus in found.values():
        await bus.start()
    return found
