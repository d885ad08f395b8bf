"""The journey in the README, as somebody would type it."""

import asyncio
import json
import re
import shutil
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from colonnade_runtime.admin.running import administered
from colonnade_runtime.testing.platform import running_platform
from tests.course_material import COURSES, INFLAMMATION
from tests.journeys.support.academy import ROOT, copied_declaration, owner, until

README = (ROOT / "README.md").read_text("utf-8")
BLOCKS = re.findall(r"^```sh\n(.*?)^```$", README, re.DOTALL | re.MULTILINE)
PASSWORD = re.compile(r'COLONNADE_OWNER_PASSWORD="([^"]+)" make run')
IMPORT = ".venv/bin/colonnade course import"
END = "\n@@ end of block\n"


@dataclass(frozen=True)
class Terminal:
    """A site that runs, and a terminal beside it."""

    url: str
    declaration: Path

    async def types(self, blocks: list[str]) -> list[str]:
        """What each block prints; all are typed into one shell, and stop at the first mistake."""
        script = f'printf "%s" "{END}"\n'.join(self._here(block) for block in blocks)
        process = await asyncio.create_subprocess_exec(
            "bash", "-eu", "-o", "pipefail", "-c", script, cwd=self.declaration.parent,
            stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
        )  # fmt: skip
        printed, complaints = await asyncio.wait_for(process.communicate(), 240)
        assert process.returncode == 0, complaints.decode()
        return printed.decode().split(END)

    def _here(self, block: str) -> str:
        """The same on the port and with the folders of this test."""
        command = f"{sys.executable} -m colonnade_runtime --platform {self.declaration}"
        port = self.url.rpartition(":")[2]
        block = block.replace(":8000/", f":{port}/").replace("../shared/courses", str(COURSES))
        return block.replace(".venv/bin/colonnade", command)


@pytest.fixture
async def terminal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Terminal]:
    [password] = PASSWORD.findall(README)
    monkeypatch.setenv("COLONNADE_OWNER_PASSWORD", password)
    monkeypatch.setattr("tests.journeys.support.academy.OWNER_PASSWORD", password)
    declaration = copied_declaration(tmp_path)
    async with (
        running_platform(declaration) as platform,
        administered(platform.runtime, "a test") as administration,
    ):
        administration.open()
        yield Terminal(platform.url, declaration)
        await administration.close()


@pytest.mark.journey
@pytest.mark.slow
@pytest.mark.skipif(shutil.which("curl") is None, reason="the README types curl")
async def test_the_journey_of_the_readme_works(terminal: Terminal) -> None:
    """Without the material, all but the import; what follows then sells the course before it."""
    assert len(BLOCKS) == 3
    there = INFLAMMATION.is_dir()
    printed = await terminal.types([one for one in BLOCKS if there or IMPORT not in one])
    learnt, sold = last_object(printed[0]), printed[-1]
    assert (learnt["progress"], learnt["status"]) == (100, "completed")
    assert '"status":402' in sold.replace(" ", "")
    assert "You get €10.00 back" in sold
    staff = await owner(terminal.url, "acme")
    [payment] = (await staff.get("/payments")).json()["items"]
    assert (payment["status"], payment["refunded"]["amount"]) == ("partially_refunded", 1000)
    assert b"<svg" in (terminal.declaration.parent / "revenue.svg").read_bytes()
    wanted = [{"amount": 4900, "currency": "EUR"}]
    await until(staff, "/metrics", lambda found: found["total"]["revenue"] == wanted)
    assert (await (await owner(terminal.url, "globex")).get("/payments")).json()["items"] == []


def last_object(printed: str) -> Any:
    """The last of the JSON objects that were printed one behind the other."""
    return json.loads(printed.rpartition("}{")[2].join(["{", ""]))
