"""A store that is damaged is named, and the lists go on with the others."""

import json
from random import Random

import pytest
from kiosk.api import GetCount
from running_kiosk import RunningKiosk

from colonnade.identifiers import new_id


@pytest.fixture
async def damaged(running: RunningKiosk) -> RunningKiosk:
    """The kiosk, whose only academy's store was overwritten, apart from its head."""
    await running.ask(GetCount(sale_id=new_id()))
    file = running.site / "var/data/acme/kiosk.sqlite3"
    whole = file.read_bytes()
    file.write_bytes(whole[:4096] + Random(1).randbytes(len(whole) - 4096))
    for more in ("-wal", "-shm"):
        file.with_name(file.name + more).unlink(missing_ok=True)
    return running


@pytest.mark.parametrize(
    "command",
    [
        ("deadletters", "list"),
        ("deadletters", "replay", "--all"),
        ("sagas", "list", "--all"),
        ("outbox", "status"),
        ("outbox", "republish", "--since", "7d"),
    ],
    ids=" ".join,
)
async def test_service_academy_and_file_are_named(
    damaged: RunningKiosk, command: tuple[str, ...]
) -> None:
    result = await damaged.command(*command, "--format", "json")
    assert result.exit_code == 1, result.output
    assert json.loads(result.stdout) == []
    assert "'kiosk' of the academy 'acme' could not be read" in result.stderr
    assert "kiosk.sqlite3 is damaged" in result.stderr


async def test_one_that_may_be_in_it_is_not_said_to_be_nowhere(damaged: RunningKiosk) -> None:
    for group in ("deadletters", "sagas"):
        result = await damaged.command(group, "show", str(new_id()))
        assert result.exit_code == 1
        assert "'kiosk' of the academy 'acme' could not be read" in result.stderr
