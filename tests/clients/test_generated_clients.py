"""Clients that public generators make of `/openapi.json` compile strictly, and work."""

import asyncio
import json
import os
import shutil
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from colonnade_runtime.testing.platform import RunningPlatform, running_platform
from tests.clients.node_packages import node_packages
from tests.journeys.support.academy import OWNER_PASSWORD, copied_declaration, owner

ROOT = Path(__file__).parents[2]
EXAMPLES = ROOT / "docs" / "api" / "clients"
TITLE = "Programming with Python"
SIGN_IN = ("acme", "owner@acme.example", OWNER_PASSWORD)
COMPILER = {
    "compilerOptions": {
        "strict": True,
        "target": "es2022",
        "module": "nodenext",
        "moduleResolution": "nodenext",
        "lib": ["es2022", "dom"],
        "types": [],
    },
    "files": ["main.ts"],
}


@pytest.fixture
async def platform(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[RunningPlatform]:
    monkeypatch.setenv("COLONNADE_OWNER_PASSWORD", OWNER_PASSWORD)
    (tmp_path / "site").mkdir()
    async with running_platform(copied_declaration(tmp_path / "site")) as running:
        async with await owner(running.url, "acme") as client:
            made = await client.post("/courses", json={"title": TITLE, "slug": "python"})
            course = made.json()["id"]
            assert (await client.post(f"/courses/{course}/publish")).is_success
            enrolled = await client.post("/enrollments", json={"course_id": course})
            assert enrolled.status_code == 201, enrolled.text
        yield running


async def run(*command: str | Path, cwd: Path) -> str:
    """What a command prints; it has to succeed."""
    environment = {**os.environ, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
    process = await asyncio.create_subprocess_exec(
        *map(str, command),
        cwd=cwd,
        env=environment,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    async with asyncio.timeout(240):
        output, _ = await process.communicate()
    assert process.returncode == 0, output.decode()
    return output.decode()


@pytest.mark.journey
async def test_a_client_in_python_is_generated_whole_and_finds_my_courses(
    platform: RunningPlatform, tmp_path: Path
) -> None:
    said = await run(
        *("openapi-python-client", "generate", "--url", f"{platform.url}/openapi.json"),
        *("--config", EXAMPLES / "python.yaml", "--meta", "none"),
        *("--output-path", tmp_path / "colonnade_client"),
        cwd=tmp_path,
    )
    assert "WARNING" not in said
    assert "Unable to process" not in said
    shutil.copy(EXAMPLES / "my_courses.py", tmp_path)
    await run(sys.executable, "-m", "compileall", "-q", "colonnade_client", cwd=tmp_path)
    await run("mypy", "--strict", "--follow-imports=silent", "my_courses.py", cwd=tmp_path)
    asking = "import json, sys, my_courses; print(json.dumps(my_courses.my_courses(*sys.argv[1:])))"
    found = await run(sys.executable, "-c", asking, platform.url, *SIGN_IN, cwd=tmp_path)
    assert json.loads(found) == [TITLE]


@pytest.mark.journey
async def test_a_client_in_typescript_is_generated_compiles_strictly_and_finds_my_courses(
    platform: RunningPlatform, tmp_path: Path
) -> None:
    packages = await asyncio.to_thread(node_packages, Path(__file__).parent / "typescript")
    (tmp_path / "node_modules").symlink_to(packages)
    (tmp_path / "package.json").write_text('{"type": "module"}')
    (tmp_path / "tsconfig.json").write_text(json.dumps(COMPILER))
    shutil.copy(EXAMPLES / "my_courses.ts", tmp_path)
    arguments = ", ".join(json.dumps(each) for each in (platform.url, *SIGN_IN))
    (tmp_path / "main.ts").write_text(
        'import { myCourses } from "./my_courses.js";\n'
        f"console.log(JSON.stringify(await myCourses({arguments})));\n"
    )
    description = f"{platform.url}/openapi.json"
    generator = packages / "openapi-typescript" / "bin" / "cli.js"
    await run("node", generator, description, "--output", "schema.d.ts", cwd=tmp_path)
    await run("node", packages / "typescript" / "bin" / "tsc", "--project", ".", cwd=tmp_path)
    assert json.loads(await run("node", "main.js", cwd=tmp_path)) == [TITLE]
