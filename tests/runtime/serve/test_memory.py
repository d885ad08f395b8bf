"""What a process keeps in memory: neither what it gave back, nor what it has not used."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[3]

HASHING = """
import os, sys
from argon2 import PasswordHasher
from colonnade_runtime.serve.memory import give_back_large_blocks

def resident():
    return int(open("/proc/self/statm").read().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 2**20

give_back_large_blocks()
hasher = PasswordHasher(time_cost=1, memory_cost=19 * 1024, parallelism=1)
before = resident()
for _ in range(4):
    hasher.hash("correct horse battery")
print(resident() - before)
"""

READY = """
import asyncio, json, sys
from pathlib import Path
from colonnade_runtime.process.runtime import Runtime
from colonnade_runtime.assembly.declared import read_declaration

async def main():
    runtime = Runtime(read_declaration(Path("platform.yaml"), ["tenants.watch=false"]))
    await runtime.start()
    print(json.dumps(sorted(sys.modules)))
    await runtime.stop()

asyncio.run(main())
"""

HEAVY = {
    "matplotlib": "charts of reports",
    "numpy": "charts of reports",
    "aiohttp": "nothing here",
    "stripe": "payments through Stripe, where it is enabled",
    "nats": "a NATS bus, where one is declared",
    "opa_client": "an OPA server, where one is declared",
    "alembic": "nothing at run time",
    "pytest": "tests",
    "hypothesis": "tests",
    "colonnade_runtime.testing": "tests",
}


def run(code: str, folder: Path) -> Any:
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=folder,
        env={**os.environ, "COLONNADE_OWNER_PASSWORD": "correct horse battery"},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.mark.skipif(sys.platform != "linux", reason="memory is told by /proc, and kept by glibc")
def test_the_memory_of_a_password_check_is_given_back(tmp_path: Path) -> None:
    assert run(HASHING, tmp_path) < 10


@pytest.fixture(scope="module")
def loaded(tmp_path_factory: pytest.TempPathFactory) -> set[str]:
    """What the demo platform has imported when it is ready."""
    folder = tmp_path_factory.mktemp("site")
    for name in ("platform.yaml", "tenants", "policies"):
        (folder / name).symlink_to(ROOT / name)
    return set(run(READY, folder))


@pytest.fixture(scope="module")
def commands(tmp_path_factory: pytest.TempPathFactory) -> set[str]:
    """What the command line has imported before it knows what it is asked."""
    code = "import json, sys, colonnade_runtime.cli; print(json.dumps(sorted(sys.modules)))"
    return set(run(code, tmp_path_factory.mktemp("nowhere")))


@pytest.mark.parametrize("module", sorted(HEAVY))
def test_the_command_line_works_without_what_is_optional(commands: set[str], module: str) -> None:
    assert module not in commands


@pytest.mark.parametrize("module", sorted(HEAVY))
def test_what_is_heavy_is_loaded_where_it_is_used(loaded: set[str], module: str) -> None:
    assert "colonnade_analytics.service" in loaded
    assert module not in loaded, f"it serves {HEAVY[module]}: import it in the function that does"
