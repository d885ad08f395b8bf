"""The lines of the README work as they stand, one after the other, on the demo platform."""

import asyncio
import re
import shutil
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from colonnade_runtime.admin.serving import administered
from colonnade_runtime.testing.platform import RunningPlatform, running_platform
from tests.course_material import COURSES, skip_without_courses

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text("utf-8")
BLOCKS = [
    block for block in re.findall(r"^```\n(.*?)^```$", README, re.DOTALL | re.MULTILINE)
    if "curl" in block
]  # fmt: skip
PASSWORD = "correct horse battery"


@pytest.fixture
async def platform(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[RunningPlatform]:
    monkeypatch.setenv("COLONNADE_OWNER_PASSWORD", PASSWORD)
    for name in ("tenants", "policies"):
        shutil.copytree(ROOT / name, tmp_path / name)
    shutil.copy(ROOT / "platform.yaml", tmp_path)
    async with (
        running_platform(tmp_path / "platform.yaml") as running,
        administered(running.runtime, "a test") as administration,
    ):
        administration.open()
        yield running
        await administration.close()


async def run(platform: RunningPlatform, script: str, site: Path) -> tuple[int | None, str, str]:
    """The script, with this test's port and folders in place of the reader's."""
    port = platform.url.rpartition(":")[2]
    script = script.replace("localhost:8000", f"localhost:{port}")
    script = script.replace("../shared/courses", str(COURSES))
    command = f"{sys.executable} -m colonnade_runtime --platform {site}/platform.yaml"
    script = script.replace(".venv/bin/colonnade", command)
    process = await asyncio.create_subprocess_exec(
        *("bash", "-euo", "pipefail", "-c", script),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    async with asyncio.timeout(240):
        output, errors = await process.communicate()
    return process.returncode, output.decode(errors="replace"), errors.decode()


def test_the_password_of_the_lines_is_the_one_that_the_platform_starts_with() -> None:
    assert f'COLONNADE_OWNER_PASSWORD="{PASSWORD}" make run' in README


async def test_the_first_steps_end_with_a_completed_course(
    platform: RunningPlatform, tmp_path: Path
) -> None:
    code, output, errors = await run(platform, BLOCKS[0], tmp_path)
    assert code == 0, errors
    assert output.rstrip().endswith("}")
    assert '"progress":100' in output.replace(" ", "").splitlines()[-1]


async def test_a_real_course_is_imported_and_read(
    platform: RunningPlatform, tmp_path: Path
) -> None:
    skip_without_courses()
    code, output, errors = await run(platform, "\n".join(BLOCKS), tmp_path)
    assert code == 0, errors
    assert "<p>Any Python interpreter can be used as a calculator" in output
    assert "<svg" in output or "WEBP" in output
