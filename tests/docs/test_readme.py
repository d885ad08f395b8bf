"""The journey in the README, as somebody would type it."""

import asyncio
import json
import re
import shutil
from pathlib import Path

import pytest

from colonnade_runtime.testing.platform import running_platform

ROOT = Path(__file__).parents[2]
JOURNEY = re.compile(r"^```\n(api=http://acme\.localhost:8000.*?)^```$", re.DOTALL | re.MULTILINE)
PASSWORD = re.compile(r'COLONNADE_OWNER_PASSWORD="([^"]+)" make run')
SERVICES = "version: 1\nenvironment: development\nservices: {user: , course: , content: }\n"


@pytest.mark.journey
@pytest.mark.skipif(shutil.which("curl") is None, reason="the README types curl")
async def test_the_journey_of_the_readme_works(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = (ROOT / "README.md").read_text("utf-8")
    [journey], [password] = JOURNEY.findall(text), PASSWORD.findall(text)
    monkeypatch.setenv("COLONNADE_OWNER_PASSWORD", password)
    for name in ("tenants", "policies"):
        shutil.copytree(ROOT / name, tmp_path / name)
    (tmp_path / "platform.yaml").write_text(SERVICES)
    async with running_platform(tmp_path / "platform.yaml") as platform:
        port = platform.url.rpartition(":")[2]
        script = journey.replace(":8000/", f":{port}/")
        process = await asyncio.create_subprocess_exec(
            "bash", "-eu", "-o", "pipefail", "-c", script,
            stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
        )  # fmt: skip
        printed, complaints = await asyncio.wait_for(process.communicate(), 60)
    assert process.returncode == 0, complaints.decode()
    enrollment = json.loads(printed.decode().rpartition("}{")[2].join(["{", ""]))
    assert (enrollment["progress"], enrollment["status"]) == (100, "completed")
