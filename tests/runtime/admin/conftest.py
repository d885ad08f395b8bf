"""A kiosk that runs, with its admin socket, and commands that work on it."""

import shutil
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import structlog

sys.path.insert(0, str(Path(__file__).parent / "support"))

import kiosk.plugin
from running_kiosk import RunningKiosk

from colonnade_runtime.admin.running import administered
from colonnade_runtime.assembly.declared import read_declaration
from colonnade_runtime.observability.logs import configure_logs
from colonnade_runtime.process.runtime import Runtime

ROOT = Path(__file__).parents[3]

PLATFORM = """\
version: 1
environment: development
services: {kiosk: }
tenants: {watch: false}
logging: {level: error}
"""
TENANT = "version: 1\nid: acme\nname: Acme\nowner: {email: owner@acme.example}\ncurrency: EUR\n"


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """The folder of a platform with one service and one tenant."""
    (tmp_path / "tenants").mkdir()
    (tmp_path / "policies").mkdir()
    (tmp_path / "platform.yaml").write_text(PLATFORM)
    (tmp_path / "tenants" / "acme.yaml").write_text(TENANT)
    shutil.copy(ROOT / "policies" / "colonnade.rego", tmp_path / "policies")
    return tmp_path


@pytest.fixture
async def running(site: Path) -> AsyncIterator[RunningKiosk]:
    declared = read_declaration(site / "platform.yaml", extra=[kiosk.plugin])
    runtime = Runtime(declared)
    # A command that runs in a thread borrows this process's standard output for its own.
    configure_logs("error", "json")
    async with administered(runtime, "a test") as administration:
        await runtime.start()
        administration.open()
        try:
            yield RunningKiosk(runtime, site)
        finally:
            await administration.close()
            await runtime.stop()
            structlog.reset_defaults()
