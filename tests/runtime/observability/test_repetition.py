"""What strangers, and loops that fail, make a log say stays within bounds and is counted."""

import asyncio
import time
from typing import Any

import pytest
import structlog
from structlog.testing import LogCapture

from colonnade.context import Context, Principal, PrincipalKind, use_context
from colonnade_runtime.observability import repetition
from colonnade_runtime.observability.logs import CallDetails
from colonnade_runtime.observability.repetition import LINES, SUMMARY, RepeatedLines


@pytest.fixture
def written() -> Any:
    before = structlog.get_config()
    capture = LogCapture()
    structlog.configure(processors=[CallDetails("network"), RepeatedLines(), capture])
    yield capture.entries
    structlog.configure(**before)


def context(tenant: str, principal: Principal) -> Context:
    return Context(tenant, principal, time.time() + 60, "request-1", client="203.0.113.9")


ADA = Principal(PrincipalKind.USER, "ada")


def test_a_flood_of_strangers_is_cut_and_hides_nobody_else(written: list[Any]) -> None:
    log = structlog.get_logger()
    with use_context(context("acme", Principal.anonymous())):
        for _ in range(1_000):
            log.info("refused", action="user.read")
    assert len(written) == LINES
    with use_context(context("acme", ADA)):
        log.info("refused")
    with use_context(context("globex", Principal.anonymous())):
        log.info("refused")
    log.info("another")
    assert len(written) == LINES + 3
    assert written[0]["client"] == "203.0.113.0/24"
    assert {line.get("principal") for line in written} == {"anonymous", "user:ada", None}


def test_values_in_a_librarys_text_make_no_line_another(written: list[Any]) -> None:
    for number in range(1_000):
        structlog.get_logger().warning(f"bad request {number}", logger="library")
    assert len(written) == LINES


async def test_the_end_of_a_window_says_how_many_were_held_back(
    written: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(repetition, "WINDOW_SECONDS", 0.05)
    for _ in range(LINES + 70):
        structlog.get_logger().warning("refused", tenant="acme")
    async with asyncio.timeout(5):
        while len(written) <= LINES:
            await asyncio.sleep(0.005)
    last = written[-1]
    assert (last["event"], last["of"], last["tenant"]) == (SUMMARY, "refused", "acme")
    assert (last["count"], last["log_level"]) == (70, "warning")


def test_without_a_loop_it_is_said_with_the_next_line(
    written: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(repetition, "WINDOW_SECONDS", 0.2)
    for _ in range(LINES + 5):
        structlog.get_logger().info("refused")
    monkeypatch.setattr(repetition, "monotonic", lambda: time.monotonic() + 1)
    structlog.get_logger().info("refused")
    assert [line["event"] for line in written[-2:]] == [SUMMARY, "refused"]
    assert written[-2]["count"] == 5


def test_made_up_kinds_share_one_budget(
    written: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(repetition, "MAXIMUM_KINDS", 10)
    for number in range(1_000):
        structlog.get_logger().info("refused", tenant=f"tenant-{number}")
    assert len(written) == 10 + LINES
