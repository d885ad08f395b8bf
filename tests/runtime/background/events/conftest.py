"""A ledger on real files, as the runtime would put it together."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from ledger.house import House, Ledger


@pytest.fixture
def ledger() -> Ledger:
    return Ledger()


@pytest.fixture
async def house(tmp_path: Path, ledger: Ledger) -> AsyncIterator[House]:
    """A running ledger."""
    found = House(tmp_path, [ledger])
    await found.start()
    yield found
    await found.stop()
