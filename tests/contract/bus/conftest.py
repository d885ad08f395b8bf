"""Every bus adapter that the abstract suite runs against: add a factory, change no test."""

from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest
import structlog

from colonnade.bus import Bus
from colonnade_runtime.adapters.bus.memory import MemoryBus
from colonnade_runtime.adapters.bus.nats import NatsBus
from colonnade_runtime.adapters.bus.nats.connection.options import read_options
from colonnade_runtime.testing.servers.nats_streams import without_streams


async def _memory(request: pytest.FixtureRequest) -> Bus:
    return MemoryBus()


async def _nats(request: pytest.FixtureRequest) -> Bus:
    url = request.getfixturevalue("nats_url")
    await without_streams(url)
    return _nats_bus(url, "test")


async def _nats_between_two(request: pytest.FixtureRequest) -> Bus:
    url = request.getfixturevalue("nats_url")
    await without_streams(url)
    return BetweenTwo(_nats_bus(url, "hosting"), _nats_bus(url, "asking"))


def _nats_bus(url: str, process: str) -> NatsBus:
    return NatsBus(read_options(url, Path()), process, structlog.get_logger("nats"))


class BetweenTwo:
    """Two processes: one serves and consumes, the other asks and publishes."""

    def __init__(self, hosting: NatsBus, asking: NatsBus) -> None:
        self._hosting = hosting
        self._asking = asking
        self.durable = hosting.durable
        self.check = asking.check
        self.ask = asking.ask
        self.publish = asking.publish
        self.consume = hosting.consume
        self.serve = hosting.serve

    async def start(self) -> None:
        await self._hosting.start()
        await self._asking.start()

    async def stop(self, deadline: float) -> None:
        await self._hosting.stop(deadline)
        await self._asking.stop(deadline)


ADAPTERS: dict[str, Callable[[pytest.FixtureRequest], Awaitable[Bus]]] = {
    "memory": _memory,
    "nats": _nats,
    "nats between two processes": _nats_between_two,
}


@pytest.fixture(params=sorted(ADAPTERS))
async def bus(request: pytest.FixtureRequest) -> AsyncIterator[Bus]:
    """A started bus, stopped after the test."""
    found = await ADAPTERS[request.param](request)
    await found.start()
    yield found
    await found.stop(5.0)
