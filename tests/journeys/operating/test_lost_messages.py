"""A message that does not get through is a dead letter; mended and replayed, it gets through."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from colonnade_runtime.admin.running import administered
from colonnade_runtime.testing.platform import running_platform
from tests.journeys.support.academy import colonnade, learner, letter, owner, until

SETTINGS = [
    "services.notification.config.retry.first=100ms",
    "services.notification.config.retry.attempts=2",
]


async def listed(declaration: Path, *options: str) -> Any:
    """What `colonnade deadletters list` prints."""
    arguments = ("deadletters", "list", "--tenant", "acme", "--format", "json", *options)
    code, output, errors = await colonnade(declaration, *arguments)
    assert code == 0, errors
    return json.loads(output)


@pytest.mark.journey
async def test_an_operator_sees_and_replays_a_message_that_was_given_up(
    declaration: Path,
) -> None:
    folder = declaration.parent / "var/mail/acme"
    folder.parent.mkdir(parents=True)
    folder.write_text("not a folder, so no mail gets through")
    async with (
        running_platform(declaration, settings=SETTINGS) as platform,
        administered(platform.runtime, "a test") as administration,
    ):
        administration.open()
        staff = await owner(platform.url, "acme")
        await learner(platform.url, "acme", "ada")
        await until(staff, "/deliveries?status=failed", lambda page: len(page["items"]) == 2)
        lost, other = await listed(declaration, "--service", "notification")
        assert lost["consumer"] == other["consumer"] == "notification:deliveries"
        assert (lost["type"], lost["attempts"]) == ("welcome by email", 2)
        assert "cannot be written" in lost["error"]
        code, output, _ = await colonnade(declaration, "deadletters", "show", lost["id"])
        assert (code, "message_id" in output, "@learners.example" in output) == (0, True, False)
        folder.unlink()
        code, _, errors = await colonnade(declaration, "deadletters", "replay", "--all")
        assert code == 0, errors
        for address in ("owner@acme.example", "ada@learners.example"):
            mail = await letter(folder, lambda mail, wanted=address: wanted in mail["To"])
            assert mail["Subject"] == "Welcome to Acme Academy"
        assert await listed(declaration) == []
        await asyncio.wait_for(administration.close(), 10)
