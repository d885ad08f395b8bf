"""Academies come and change while the platform runs; a broken file changes nothing."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from colonnade_runtime.testing.platform import RunningPlatform, running_platform

NEW = """\
version: 1
id: initech
name: Initech
owner: {email: owner@initech.example}
currency: EUR
"""


@pytest.fixture
def site(declaration: Path) -> Path:
    """A folder with the demo platform in it."""
    return declaration.parent


@pytest.fixture
async def platform(site: Path) -> AsyncIterator[RunningPlatform]:
    others = ("analytics", "content", "course", "notification", "payment")
    settings = [f"services.{name}.enabled=false" for name in others]
    async with running_platform(site / "platform.yaml", settings=settings) as running:
        yield running


async def status_of(platform: RunningPlatform, tenant: str) -> int:
    """401 for an academy that is there, since nobody has signed in."""
    async with platform.client(tenant) as client:
        return (await client.get("/users/me")).status_code


async def becomes(platform: RunningPlatform, tenant: str, status: int) -> None:
    """Wait until the academy answers with `status`."""
    async with asyncio.timeout(20):
        while await status_of(platform, tenant) != status:
            await asyncio.sleep(0.02)


async def test_a_file_dropped_into_the_folder_becomes_an_academy(
    platform: RunningPlatform, site: Path
) -> None:
    assert await status_of(platform, "initech") == 404
    (site / "tenants" / "initech.yaml").write_text(NEW)
    await becomes(platform, "initech", 401)


async def test_the_stores_of_a_new_academy_are_made_without_a_visitor(
    platform: RunningPlatform, site: Path
) -> None:
    (site / "tenants" / "initech.yaml").write_text(NEW)
    async with asyncio.timeout(20):
        while not (site / "var" / "data" / "initech" / "user.sqlite3").exists():
            await asyncio.sleep(0.02)


async def test_suspending_an_academy_in_its_file_answers_403(
    platform: RunningPlatform, site: Path
) -> None:
    file = site / "tenants" / "acme.yaml"
    file.write_text(file.read_text().replace("status: active", "status: suspended"))
    await becomes(platform, "acme", 403)


async def test_a_broken_file_changes_nothing(platform: RunningPlatform, site: Path) -> None:
    (site / "tenants" / "initech.yaml").write_text(NEW.replace("currency", "curency"))
    assert await platform.runtime.reloader.reload() is False
    assert await status_of(platform, "acme") == 401
    assert await status_of(platform, "initech") == 404


async def test_a_broken_policy_changes_nothing(platform: RunningPlatform, site: Path) -> None:
    (site / "policies" / "user.rego").write_text("package colonnade.services.user\n\nactions := [")
    (site / "tenants" / "initech.yaml").write_text(NEW)
    assert await platform.runtime.reloader.reload() is False
    assert await status_of(platform, "acme") == 401
    assert await status_of(platform, "initech") == 404
