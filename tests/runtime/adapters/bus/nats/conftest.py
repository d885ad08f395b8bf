"""Buses on a server that a test may break."""

from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest
import structlog

from colonnade_runtime.adapters.bus.nats import NatsBus
from colonnade_runtime.adapters.bus.nats.connection.options import read_options
from colonnade_runtime.adapters.bus.nats.events.pull_consumer import ConsumerSettings
from colonnade_runtime.testing.servers import RunningServer

MakeBus = Callable[..., Awaitable[NatsBus]]

QUICK = ConsumerSettings(ack_wait=1.0, pinned=0.5, tick=0.2, heartbeat=0.5, silence=2.0)


@pytest.fixture
def server(start_server: Callable[..., RunningServer]) -> RunningServer:
    """A server of this test's own."""
    return start_server("nats")


@pytest.fixture
async def make_bus(server: RunningServer) -> AsyncIterator[MakeBus]:
    """Makes started buses, `await make_bus("web")`; stopped after the test."""
    made: list[NatsBus] = []

    async def make(process: str = "web") -> NatsBus:
        options = read_options(server.url, Path())
        bus = NatsBus(options, process, structlog.get_logger("nats"), QUICK)
        made.append(bus)
        await bus.start()
        return bus

    yield make
    for bus in made:
        await bus.stop(1.0)
