"""Every bus adapter that the abstract suite runs against: add a factory, change no test."""

from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest
import structlog

from colonnade.bus import Bus
from colonnade_runtime.adapters.bus.memory import MemoryBus
from colonnade_runtime.adapters.bus.nats import NatsBus
from colonnade_runtime.adapters.bus.nats.options import read_options
from colonnade_runtime.testing.nats_streams import without_streams


async def _memory(request: pytest.FixtureRequest) -> Bus:
    return MemoryBus()


async def _nats(request: pytest.FixtureRequest) -> Bus:
    url = request.getfixturevalue("nats_url")
    await without_streams(url)
    return NatsBus(read_options(url, Path()), "test", structlog.get_logger("nats"))


ADAPTERS: dict[str, Callable[[pytest.FixtureRequest], Awaitable[Bus]]] = {
    "memory": _memory,
    "nats": _nats,
}


@pytest.fixture(params=sorted(ADAPTERS))
async def bus(request: pytest.FixtureRequest) -> AsyncIterator[Bus]:
    """A started bus, stopped after the test."""
    found = await ADAPTERS[request.param](request)
    await found.start()
    yield found
    await found.stop(5.0)
