"""Every store adapter that the abstract suite runs against: add a factory, change no test."""

import sys
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).parent / "support"))

from store_harness import sqlite_harness

ADAPTERS: dict[str, Callable[..., AbstractAsyncContextManager[Any]]] = {"sqlite": sqlite_harness}


@pytest.fixture(params=sorted(ADAPTERS))
async def harness(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Any]:
    """A factory of stores with the tenants acme and globex."""
    async with ADAPTERS[request.param](tmp_path / "data") as found:
        yield found
