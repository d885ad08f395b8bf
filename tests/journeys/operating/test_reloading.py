"""Academies come and change while the platform runs; a broken file changes nothing."""

import asyncio
import subprocess
import sys
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


async def test_a_file_that_is_in_use_keeps_its_log_when_another_process_closes_it(
    platform: RunningPlatform, site: Path
) -> None:
    """Whatever the platform looked at meanwhile, it still has its locks on what it has open."""
    (site / "tenants" / "initech.yaml").write_text(NEW)
    await becomes(platform, "initech", 401)
    async with platform.client("acme") as client:
        account = {"email": "ada@example.com", "password": "a-quiet-river-9", "name": "Ada"}
        assert (await client.post("/auth/register", json=account)).status_code == 201
    data = site / "var" / "data"
    async with asyncio.timeout(20):
        while not (data / "initech" / "user.sqlite3").exists():
            await asyncio.sleep(0.02)
    logs = [path for path in data.rglob("*.sqlite3-wal") if path.stat().st_size]
    assert {path.parent.name for path in logs} >= {"acme", "_control"}
    for log in logs:
        await asyncio.to_thread(opened_and_closed_elsewhere, Path(str(log).removesuffix("-wal")))
        assert log.exists(), log


def opened_and_closed_elsewhere(file: Path) -> None:
    program = (
        "import sqlite3, sys\n"
        "connection = sqlite3.connect(sys.argv[1])\n"
        "connection.execute('SELECT count(*) FROM sqlite_schema').fetchone()\n"
        "connection.close()"
    )
    subprocess.run([sys.executable, "-c", program, str(file)], check=True, timeout=30)


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
