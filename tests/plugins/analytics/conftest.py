"""The analytics service on a bench, empty for every test."""

import sys
from collections.abc import AsyncIterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent / "support"))

import pytest
from analytics_bench import AnalyticsBench


@pytest.fixture
async def bench() -> AsyncIterator[AnalyticsBench]:
    async with AnalyticsBench() as running:
        yield running
