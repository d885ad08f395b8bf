"""`gateway.timeout` and `services.<name>.timeout` hold for HTTP as for the bus."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
from sleeper import Sleeper, sleeper_plugin
from small_site import make_site

from colonnade_runtime.testing.platform import RunningPlatform, running_platform


@pytest.fixture
async def platform(tmp_path: Path) -> AsyncIterator[RunningPlatform]:
    """A service that may take half a second, and a request that may take two."""
    site = make_site(tmp_path, "services: {sleeper: {timeout: 500ms}}\ngateway: {timeout: 2s}\n")
    async with running_platform(site, plugins=[sleeper_plugin()]) as running:
        yield running


async def asked(platform: RunningPlatform, path: str, seconds: float) -> httpx.Response:
    async with httpx.AsyncClient(timeout=30) as client:
        return await client.get(
            f"{platform.url}/api/v1/sleep/{path}",
            params={"seconds": seconds},
            headers={"X-Tenant": "acme"},
        )


@pytest.mark.parametrize(("path", "seconds"), [("short", 600), ("elsewhere", 600), ("long", 600)])
async def test_work_is_ended_at_its_time(
    platform: RunningPlatform, path: str, seconds: float
) -> None:
    before = Sleeper.ended
    answer = await asked(platform, path, seconds)
    assert answer.status_code == 504
    assert answer.json()["type"].endswith("deadline_exceeded")
    async with asyncio.timeout(10):
        while Sleeper.ended == before:
            await asyncio.sleep(0.01)


async def test_an_operation_may_say_more_than_its_service(platform: RunningPlatform) -> None:
    assert (await asked(platform, "long", 0.8)).status_code == 200
    assert (await asked(platform, "short", 0.8)).status_code == 504


async def test_what_is_in_time_is_answered(platform: RunningPlatform) -> None:
    for path in ("short", "long", "elsewhere"):
        assert (await asked(platform, path, 0)).status_code == 200
