"""`colonnade status` beside a platform that runs with something broken."""

import asyncio
import json
import os
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from colonnade_runtime.testing.platform import running_platform
from colonnade_runtime.testing.servers.server_process import free_port
from tests.forked_commands import ForkedCommand
from tests.journeys.support.academy import colonnade, owners_token


async def test_a_platform_starts_with_a_broken_file_and_status_names_it(
    declaration: Path,
) -> None:
    async with running_platform(declaration) as platform:
        await owners_token(platform.url, "acme")
    site = declaration.parent
    for broken in ("acme/user.sqlite3", "_control/analytics.sqlite3"):
        (site / "var" / "data" / broken).write_bytes(b"this is not a database" * 1000)
    async with run(declaration):
        said = await until_status(
            declaration, lambda found: len(found["processes"][0].get("faults", ())) >= 2
        )
    problems = "\n".join(said["problems"])
    assert "acme/user.sqlite3 is damaged" in problems
    assert "_control/analytics.sqlite3 is damaged" in problems
    assert "restore the file from a backup" in problems


@asynccontextmanager
async def run(declaration: Path) -> AsyncIterator[None]:
    """`colonnade run` in a process of its own for the block."""
    words = ("--platform", str(declaration), "--set", f"gateway.port={free_port()}", "run")
    with open(os.devnull, "wb") as nowhere:
        output = nowhere.fileno()
        process = ForkedCommand(*words, cwd=declaration.parent, stdout=output, stderr=output)
    try:
        yield
    finally:
        process.terminate()
        await asyncio.to_thread(process.wait, 60)


async def until_status(declaration: Path, condition: Callable[[Any], bool], code: int = 1) -> Any:
    """What `colonnade status` says once it says that, with its exit code."""
    async with asyncio.timeout(120):
        while True:
            ended, output, _ = await colonnade(declaration, "status", "--format", "json")
            found = json.loads(output)
            if condition(found):
                assert ended == code
                return found
            await asyncio.sleep(0.2)


async def test_what_runs_is_shown_while_a_file_of_the_declaration_is_broken(
    declaration: Path,
) -> None:
    tenant = declaration.parent / "tenants" / "acme.yaml"
    async with run(declaration):
        await until_status(declaration, lambda found: found["problems"] == [], code=0)
        for broken, text in ((tenant, "id: [acme"), (declaration, "version: [")):
            whole = broken.read_text()
            broken.write_text(text)
            said = await until_status(
                declaration, lambda found: any("refused" in line for line in found["problems"])
            )
            assert [(each["process"], each["state"]) for each in said["processes"]] == [
                ("main", "ready")
            ]
            assert any(
                f"{broken.name}:" in line and "refused" not in line for line in said["problems"]
            )
            broken.write_text(whole)
            await until_status(declaration, lambda found: found["problems"] == [], code=0)
