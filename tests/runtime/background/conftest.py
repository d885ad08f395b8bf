"""A shop on real files, as the runtime would put it together; `events` has a ledger instead."""

import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent / "support"))

from shop.house import ShopHouse


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[ShopHouse]:
    """A running shop."""
    found = ShopHouse(tmp_path / "shop")
    await found.start()
    yield found
    await found.stop()
