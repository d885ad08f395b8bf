"""Every bus adapter that the abstract suite runs against: add a factory, change no test."""

from collections.abc import AsyncIterator, Callable

import pytest

from colonnade.bus import Bus
from colonnade_runtime.adapters.bus.memory import MemoryBus

ADAPTERS: dict[str, Callable[[], Bus]] = {"memory": MemoryBus}


@pytest.fixture(params=sorted(ADAPTERS))
async def bus(request: pytest.FixtureRequest) -> AsyncIterator[Bus]:
    """A started bus, stopped after the test."""
    found = ADAPTERS[request.param]()
    await found.start()
    yield found
    await found.stop(5.0)
