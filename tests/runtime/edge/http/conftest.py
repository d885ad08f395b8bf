"""A platform with one small service, and sockets to ask it by."""

import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from colonnade_runtime.testing.platform import RunningPlatform, running_platform

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE / "support"), str(HERE.parents[1] / "assembly" / "support")]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def mirror(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[RunningPlatform]:
    from mirror import mirror_plugin
    from small_site import make_site

    site = make_site(tmp_path_factory.mktemp("site"), "services: {mirror: }\n")
    async with running_platform(site, plugins=[mirror_plugin()]) as running:
        yield running
