"""The notification service on a bench, empty for every test."""

import sys
from collections.abc import AsyncIterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent / "support"))

import pytest
from notification_bench import NotificationBench


@pytest.fixture
async def bench() -> AsyncIterator[NotificationBench]:
    async with NotificationBench() as running:
        yield running
