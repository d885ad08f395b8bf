"""The access log: every request a line, soon, in order, and never in a request's way."""

import asyncio
import json
import os
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest
import structlog
from litestar import Litestar, get

import colonnade_course.plugin
import colonnade_user.plugin
from colonnade_runtime.assembly.declared import read_declaration
from colonnade_runtime.edge.health.endpoints import Health
from colonnade_runtime.edge.http import access_log
from colonnade_runtime.edge.http.access_log import (
    AccessLine,
    AccessLog,
    console_lines,
    json_lines,
)
from colonnade_runtime.edge.http.application import EdgeApplication
from colonnade_runtime.network.addresses import Shown
from colonnade_runtime.observability.line_writer import LineWriter
from colonnade_runtime.observability.secret_paths import hide_secrets_of

ROOT = Path(__file__).parents[4]
PLATFORM = """\
version: 1
environment: development
services:
  user:
  course:
  content:
"""
NOW = datetime(2026, 3, 1, 12, 30, 15, 250_000, tzinfo=UTC)


def line(number: int = 0, path: str = "/api/v1/courses") -> AccessLine:
    return AccessLine(
        NOW, "GET", path, 200, 1.5, f"request-{number}", "acme", "user:7", "203.0.113.9", None
    )


@pytest.fixture
def written(tmp_path: Path) -> Iterator[tuple[LineWriter, Path]]:
    with (tmp_path / "log").open("wb") as file:
        writer = LineWriter(file.fileno())
        yield writer, tmp_path / "log"
        writer.close(1)


async def lines_of(path: Path, lines: int) -> list[str]:
    async with asyncio.timeout(5):
        while path.read_text().count("\n") < lines:
            await asyncio.sleep(0.005)
    return path.read_text().splitlines()


def test_machines_read_one_object_a_line() -> None:
    assert json.loads(json_lines([line()])) == {
        "timestamp": "2026-03-01T12:30:15.250000Z",
        "method": "GET",
        "path": "/api/v1/courses",
        "status": 200,
        "milliseconds": 1.5,
        "request_id": "request-0",
        "tenant": "acme",
        "principal": "user:7",
        "client": "203.0.113.9",
        "traceparent": None,
        "event": "request",
        "level": "info",
    }


def test_people_read_a_short_line() -> None:
    assert (
        console_lines([line()])
        == "12:30:15 200 GET /api/v1/courses 1.5 ms acme user:7 203.0.113.9 request-0\n"
    )


@pytest.mark.parametrize("path", ["/a\nb", "/\x1b[2J", "/\u2028"])
def test_a_path_cannot_make_a_line_of_its_own_or_move_the_cursor(path: str) -> None:
    assert console_lines([line(path=path)])[:-1].isprintable()
    assert len(json_lines([line(path=path)]).split("\n")) == 2


async def test_lines_are_written_without_waiting_for_more(
    written: tuple[LineWriter, Path],
) -> None:
    writer, path = written
    log = AccessLog(json_lines, writer)
    log.record(line())
    assert path.read_text() == ""
    assert len(await lines_of(path, 1)) == 1
    await log.stop()


async def test_lines_keep_their_order_and_none_is_lost_at_the_end(
    written: tuple[LineWriter, Path],
) -> None:
    writer, path = written
    log = AccessLog(json_lines, writer)
    for number in range(2_500):
        log.record(line(number))
    await log.stop()
    ids = [json.loads(text)["request_id"] for text in path.read_text().splitlines()]
    assert ids == [f"request-{number}" for number in range(2_500)]


@pytest.mark.parametrize(
    ("shown", "expected"), [("network", "203.0.113.0/24"), ("full", "203.0.113.9"), ("none", "")]
)
async def test_of_a_client_as_much_is_shown_as_is_declared(
    written: tuple[LineWriter, Path], shown: Shown, expected: str
) -> None:
    writer, path = written
    log = AccessLog(json_lines, writer, shown)
    log.record(line())
    await log.stop()
    assert json.loads(path.read_text())["client"] == expected


async def test_a_line_after_the_end_is_written_at_once(written: tuple[LineWriter, Path]) -> None:
    writer, path = written
    log = AccessLog(json_lines, writer)
    await log.stop()
    log.record(line())
    assert len(await lines_of(path, 1)) == 1


async def test_a_flood_of_requests_takes_no_room_from_errors() -> None:
    reading, writing = os.pipe()
    writer = LineWriter(writing, maximum_lines=3_000)
    log = AccessLog(json_lines, writer)
    for number in range(20_000):
        log.record(line(number))
    await log.stop()
    lost = writer.counts.overflowed
    assert lost > 10_000
    writer.write("an error\n")
    assert writer.counts.overflowed == lost
    os.close(reading)
    writer.close(5)
    os.close(writing)


async def test_an_unsubscribe_link_leaves_no_token_in_the_log(
    written: tuple[LineWriter, Path],
) -> None:
    writer, path = written
    hide_secrets_of(Litestar([read_link], openapi_config=None).routes)
    log = AccessLog(json_lines, writer)
    for link in ("/links/s3cret", "/links/s3cret/", "//links//s3cret/more", "/LINKS/s3cret"):
        log.record(line(path=link))
    log.record(line(path=f"/api/v1/unknown/{'s3cret' * 8}/more"))
    log.record(line(path="/api/v1/content/018f3e2a-7b1c-7def-8000-000000000000"))
    await log.stop()
    assert "s3crets3cret" not in path.read_text()
    shown = [json.loads(text)["path"] for text in path.read_text().splitlines()]
    assert shown == [
        "/links/********",
        "/links/********",
        "//links//********",
        "/LINKS/********",
        "/api/v1/unknown/s3crets3…/more",
        "/api/v1/content/018f3e2a-7b1c-7def-8000-000000000000",
    ]


@get("/links/{token:str}")
async def read_link(token: str) -> str:
    return token


async def test_a_request_before_there_is_a_tenant_has_a_line_too(
    written: tuple[LineWriter, Path],
) -> None:
    writer, path = written
    log = AccessLog(json_lines, writer)
    gateway = EdgeApplication(Health(structlog.get_logger()), structlog.get_logger(), log)
    transport = httpx.ASGITransport(gateway)  # type: ignore[arg-type]
    async with httpx.AsyncClient(transport=transport, base_url="http://acme.localhost") as client:
        trace = "0af7651916cd43dd8448eb211c80319c"
        headers = {"traceparent": f"00-{trace}-b7ad6b7169203331-01"}
        answer = await client.get("/api/v1/courses", headers=headers)
        assert answer.status_code == 503
    await gateway.finish()
    shown = json.loads(path.read_text())
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
