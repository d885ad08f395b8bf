"""An academy with the content service in it, empty for every test."""

import sys
from collections.abc import AsyncIterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent / "support"))

import pytest
from content_academy import Academy, academy_on

from colonnade_content import plugin
from colonnade_runtime.testing import ServiceBench

SMALL = {"content": {"maximum_file_size": "1MiB", "maximum_stored": "3MiB"}}


@pytest.fixture
async def academy() -> AsyncIterator[Academy]:
    async with ServiceBench(plugin, config=SMALL) as bench:
        yield academy_on(bench)
