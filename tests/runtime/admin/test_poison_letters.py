"""Dead letters of what no parser takes: listed, shown, replayed and discarded all the same."""

import asyncio
import json
from typing import Any
from uuid import uuid4

import pytest
from kiosk.api import GetCount
from running_kiosk import RunningKiosk

from colonnade.identifiers import new_id

TYPE = "colonnade.kiosk.Sold.v1"


def event(data: str, **attributes: object) -> bytes:
    said: dict[str, object] = {
        "id": str(uuid4()), "source": "/test", "type": TYPE, "subject": "s",
        "time": "2999-01-01T00:00:00Z", "tenant": "acme", **attributes,
    }  # fmt: skip
    return f'{json.dumps(said).removesuffix("}")}, "data": {data}}}'.encode()


def nested(levels: int, opened: str, closed: str) -> str:
    return '{"sale_id": "none", "buyer": ' + opened * levels + closed * levels + "}"


POISON = {
    "no bytes": b"",
    "no text": b"\xff\xfe\x00\x1b[2J",
    "time without zone": event("{}", time="2026-11-30T02:00:00"),
    "wrong data": event('{"sale_id": 7}'),
    "a depth that is shown": event(nested(40, "[", "]")),
    "a depth that is read": event(nested(150, "[", "]")),
    "a depth that one parser reads": event(nested(500, '{"a":', "}").replace(":}", ":1}", 1)),
    "a depth that none reads": event(nested(100_000, "[", "]")),
    "a text that is large": event('"' + "x" * 900_000 + '"'),
    "control characters": event("{}", tenant="\x1b[2J\u202e"),
}


@pytest.fixture
async def letter(running: RunningKiosk, request: pytest.FixtureRequest) -> dict[str, Any]:
    """The dead letter that a payload became."""
    await running.ask(GetCount(sale_id=new_id()))
    await running.work.bus.publish(TYPE, "acme//s", str(uuid4()), POISON[request.param])
    async with asyncio.timeout(10):
        while not (rows := await running.read("deadletters", "list")):
            await asyncio.sleep(0.01)
    found: dict[str, Any] = rows[0]
    return found


every = pytest.mark.parametrize("letter", POISON, indirect=True)


@every
async def test_it_is_listed_and_shown(running: RunningKiosk, letter: dict[str, Any]) -> None:
    for command in (["list"], ["show", letter["id"]], ["show", letter["id"], "--reveal"]):
        for style in ("text", "json"):
            result = await running.command("deadletters", *command, "--format", style)
            assert result.exit_code == 0, result.output
            assert "\x1b" not in result.stdout
            assert len(result.stdout) < 1_000_000


@every
async def test_it_fails_again_in_a_sentence_and_stays(
    running: RunningKiosk, letter: dict[str, Any]
) -> None:
    result = await running.command("deadletters", "replay", letter["id"])
    assert result.exit_code == 1
    assert "Traceback" not in result.output
    assert [row["id"] for row in await running.read("deadletters", "list")] == [letter["id"]]


@every
async def test_it_is_discarded(running: RunningKiosk, letter: dict[str, Any]) -> None:
    await running.command("deadletters", "discard", letter["id"])
    assert await running.read("deadletters", "list") == []
