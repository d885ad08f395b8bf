"""The access log: every request a line, soon, in order, and never in a request's way."""

import asyncio
import io
import json
import shutil
import threading
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest
import structlog

import colonnade_course.plugin
import colonnade_user.plugin
from colonnade_runtime.declared import read_declaration
from colonnade_runtime.gateway import access_log
from colonnade_runtime.gateway.access_log import (
    AccessLine,
    AccessLog,
    console_lines,
    json_lines,
)
from colonnade_runtime.gateway.application import Gateway
from colonnade_runtime.gateway.health import Health

ROOT = Path(__file__).parents[3]
PLATFORM = """\
version: 1
environment: development
services:
  user:
  course:
"""
NOW = datetime(2026, 3, 1, 12, 30, 15, 250_000, tzinfo=UTC)


def line(number: int = 0, path: str = "/api/v1/courses") -> AccessLine:
    return AccessLine(NOW, "GET", path, 200, 1.5, f"request-{number}", "acme", None)


async def written(stream: io.StringIO, lines: int) -> list[str]:
    async with asyncio.timeout(5):
        while stream.getvalue().count("\n") < lines:
            await asyncio.sleep(0.005)
    return stream.getvalue().splitlines()


def test_machines_read_one_object_a_line() -> None:
    assert json.loads(json_lines([line()])) == {
        "timestamp": "2026-03-01T12:30:15.250000Z",
        "method": "GET",
        "path": "/api/v1/courses",
        "status": 200,
        "milliseconds": 1.5,
        "request_id": "request-0",
        "tenant": "acme",
        "traceparent": None,
        "event": "request",
        "level": "info",
    }


def test_people_read_a_short_line() -> None:
    assert console_lines([line()]) == "12:30:15 200 GET /api/v1/courses 1.5 ms acme request-0\n"


@pytest.mark.parametrize("path", ["/a\nb", "/\x1b[2J", "/\u2028"])
def test_a_path_cannot_make_a_line_of_its_own_or_move_the_cursor(path: str) -> None:
    assert console_lines([line(path=path)])[:-1].isprintable()
    assert len(json_lines([line(path=path)]).split("\n")) == 2


async def test_lines_are_written_without_waiting_for_more() -> None:
    stream = io.StringIO()
    log = AccessLog(json_lines, stream)
    log.record(line())
    assert stream.getvalue() == ""
    assert len(await written(stream, 1)) == 1
    await log.stop()


async def test_lines_keep_their_order_and_none_is_lost_at_the_end() -> None:
    stream = io.StringIO()
    log = AccessLog(json_lines, stream)
    for number in range(2_500):
        log.record(line(number))
    await log.stop()
    ids = [json.loads(text)["request_id"] for text in stream.getvalue().splitlines()]
    assert ids == [f"request-{number}" for number in range(2_500)]


async def test_a_line_after_the_end_is_written_at_once() -> None:
    stream = io.StringIO()
    log = AccessLog(json_lines, stream)
    await log.stop()
    log.record(line())
    assert stream.getvalue().count("\n") == 1


class StuckStream(io.StringIO):
    """A reader that takes nothing until it is let go."""

    def __init__(self) -> None:
        super().__init__()
        self.go = threading.Event()

    def write(self, text: str) -> int:
        assert self.go.wait(10)
        return super().write(text)


async def test_a_stuck_reader_costs_lines_and_is_told_how_many(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(access_log, "MAXIMUM_WAITING", 1_500)
    stream = StuckStream()
    log = AccessLog(json_lines, stream)
    for number in range(2_000):
        log.record(line(number))
    stream.go.set()
    await log.stop()
    *lines, last = map(json.loads, stream.getvalue().splitlines())
    assert len(lines) == 1_500
    assert (last["level"], last["lines"]) == ("warning", 500)


async def test_a_closed_reader_ends_no_request() -> None:
    stream = io.StringIO()
    log = AccessLog(json_lines, stream)
    stream.close()
    log.record(line())
    await log.stop()


async def test_a_request_before_there_is_a_tenant_has_a_line_too() -> None:
    stream = io.StringIO()
    log = AccessLog(json_lines, stream)
    gateway = Gateway(Health(structlog.get_logger()), structlog.get_logger(), log)
    transport = httpx.ASGITransport(gateway)  # type: ignore[arg-type]
    async with httpx.AsyncClient(transport=transport, base_url="http://acme.localhost") as client:
        trace = "0af7651916cd43dd8448eb211c80319c"
        headers = {"traceparent": f"00-{trace}-b7ad6b7169203331-01"}
        answer = await client.get("/api/v1/courses", headers=headers)
        assert answer.status_code == 503
    await gateway.finish()
    shown = json.loads(stream.getvalue())
    assert (shown["status"], shown["tenant"]) == (503, None)
    assert shown["request_id"] == answer.headers["x-request-id"]
    assert shown["traceparent"].startswith(f"00-{trace}-")


@pytest.mark.parametrize(
    ("settings", "wanted"),
    [
        ([], True),
        (["logging.access=false"], False),
        (["logging.level=warning"], False),
        (["logging.level=debug"], True),
    ],
)
def test_the_declaration_says_whether_requests_are_logged(
    tmp_path: Path, settings: list[str], wanted: bool
) -> None:
    for name in ("tenants", "policies"):
        shutil.copytree(ROOT / name, tmp_path / name)
    (tmp_path / "platform.yaml").write_text(PLATFORM)
    declared = read_declaration(
        tmp_path / "platform.yaml",
        settings,
        extra=[colonnade_user.plugin, colonnade_course.plugin],
    )
    made = access_log.access_log_of(declared.loaded.platform.logging)
    assert (made is not None) is wanted
