"""Health has a listener of its own, which neither clients nor a busy loop take away."""

import asyncio
import socket
import time
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import pytest
import structlog
from colonnade_process import ColonnadeProcess, free_port, until

from colonnade_runtime.declaration.model.placement import Placement
from colonnade_runtime.edge.health import listener as listener_module
from colonnade_runtime.edge.health.endpoints import PATHS, Health, open_paths
from colonnade_runtime.edge.health.listener import HealthListener, health_listening
from tests.journeys.support.academy import copied_declaration

PATIENCE = 60.0
"""Seconds; far more than anything here takes on a machine that does other work, too."""


@pytest.fixture
async def listener() -> AsyncIterator[HealthListener]:
    """One for a process that is ready."""
    health = Health(structlog.get_logger())
    health.stage.started()
    made = HealthListener(health, "127.0.0.1", 0)
    made.start()
    yield made
    await made.stop()


def asked(port: int, request: bytes, seconds: float = PATIENCE) -> bytes:
    """All that comes back."""
    with socket.create_connection(("127.0.0.1", port), timeout=seconds) as client:
        client.sendall(request)
        answer = b""
        while part := client.recv(65536):
            answer += part
        return answer


def got(port: int, path: str, method: str = "GET") -> bytes:
    """The answer to a plain request."""
    return asked(port, f"{method} {path} HTTP/1.1\r\nHost: a\r\n\r\n".encode())


async def test_it_answers_the_three_paths_and_no_other(listener: HealthListener) -> None:
    live = await asyncio.to_thread(got, listener.port, "/livez?verbose")
    assert live.startswith(b"HTTP/1.1 200 OK\r\n")
    assert live.endswith(b'{"status": "alive"}')
    ready = await asyncio.to_thread(got, listener.port, "/readyz")
    assert b'"status": "ready"' in ready
    metrics = await asyncio.to_thread(got, listener.port, "/metrics")
    assert b"colonnade_http_request_seconds" in metrics
    head = await asyncio.to_thread(got, listener.port, "/metrics", "HEAD")
    assert head.endswith(b"\r\n\r\n")
    for path in ("/", "/api/v1/courses", "/openapi.json"):
        answer = await asyncio.to_thread(got, listener.port, path)
        assert answer.startswith(b"HTTP/1.1 404 ")


@pytest.mark.parametrize("method", ["DELETE", "TRACE", "POST", "BREW"])
async def test_it_can_only_be_read(listener: HealthListener, method: str) -> None:
    answer = await asyncio.to_thread(got, listener.port, "/livez", method)
    assert answer.startswith(b"HTTP/1.1 405 ")
    assert b"\r\nAllow: GET, HEAD" in answer


@pytest.mark.parametrize("request_", [b"GET /livez\r\n\r\n", b"\r\n\r\n", b"\0\1\2\r\n\r\n"])
async def test_what_is_no_http_is_refused(listener: HealthListener, request_: bytes) -> None:
    answer = await asyncio.to_thread(asked, listener.port, request_)
    assert answer.startswith(b"HTTP/1.1 400 ")


async def test_a_head_without_end_is_cut_off(listener: HealthListener) -> None:
    def flood() -> bytes:
        try:
            return asked(listener.port, b"GET /livez HTTP/1.1\r\nX: " + b"a" * 100_000)
        except ConnectionError:
            return b""

    assert await asyncio.to_thread(flood) == b""


async def test_a_busy_loop_does_not_keep_it_from_answering(
    listener: HealthListener, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listener_module, "ASKING_SECONDS", 0.2)
    # On a machine that is busy itself, threads that share an interpreter get their turn late.
    # What is tried is that they get it while the loop does not turn, not how soon.
    monkeypatch.setattr(listener_module, "CLIENT_SECONDS", PATIENCE)
    monkeypatch.setattr(listener_module, "STUCK_SECONDS", PATIENCE)

    def ask() -> list[bytes]:
        return [got(listener.port, path) for path in ("/livez", "/readyz", "/metrics")]

    end = time.monotonic() + PATIENCE
    with ThreadPoolExecutor() as threads:
        asking = threads.submit(ask)
        while time.monotonic() < end and not asking.done():
            # Nothing else of the loop runs meanwhile.
            sum(range(1000))
    live, ready, metrics = asking.result()
    assert time.monotonic() < end
    assert live.startswith(b"HTTP/1.1 200 ")
    assert ready.startswith(b"HTTP/1.1 503 ")
    assert b"no answer within" in ready
    assert metrics.startswith(b"HTTP/1.1 200 ")


async def test_a_loop_that_never_turns_is_not_alive(
    listener: HealthListener, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listener_module, "STUCK_SECONDS", 0.2)
    answer = asyncio.get_running_loop().run_in_executor(None, _later, listener.port)
    time.sleep(1.0)
    assert (await answer).startswith(b"HTTP/1.1 503 ")


def _later(port: int) -> bytes:
    time.sleep(0.5)
    return got(port, "/livez")


async def test_idle_connections_do_not_shut_it(listener: HealthListener) -> None:
    def crowd() -> bytes:
        with ExitStack() as stack:
            for _ in range(200):
                client = socket.create_connection(("127.0.0.1", listener.port), timeout=10)
                stack.enter_context(client)
            return got(listener.port, "/livez")

    assert (await asyncio.to_thread(crowd)).startswith(b"HTTP/1.1 200 ")


async def test_without_a_port_there_is_none() -> None:
    async with health_listening(Health(structlog.get_logger()), "127.0.0.1", None) as port:
        assert port == 0


def test_in_production_requests_and_health_do_not_meet() -> None:
    alone = Placement("main", 1, ("user",), "0.0.0.0", 8000)
    inner = Placement("people", 1, ("user",), "10.0.0.1", 8001)
    near = Placement("people", 1, ("user",), "127.0.0.1", 8001)
    assert open_paths(alone, production=True) == frozenset()
    assert open_paths(alone, production=False) == PATHS
    assert open_paths(inner, production=True) == {"/livez", "/readyz"}
    assert open_paths(inner, production=False) == {"/livez", "/readyz"}
    assert open_paths(near, production=True) == {"/livez", "/readyz"}
    assert open_paths(near, production=False) == PATHS


def test_a_crowd_at_the_door_shuts_out_neither_strangers_nor_health(tmp_path: Path) -> None:
    copied_declaration(tmp_path)
    health = free_port()
    process = ColonnadeProcess(
        tmp_path, f"gateway.health.port={health}", "gateway.connections.maximum=150"
    )
    try:
        process.ready()
        with ExitStack() as stack:
            for number in range(400):
                client = socket.create_connection(("127.0.0.1", process.port), timeout=20)
                stack.enter_context(client)
                client.sendall(b"GET /livez HTTP/1.1\r\nHost: a\r\n" + b"\r\n" * (number % 2))
            assert got(health, "/livez").startswith(b"HTTP/1.1 200 ")
            assert b'"status": "ready"' in got(health, "/readyz")
            until(lambda: process.get("/livez"), 30.0)
    finally:
        process.signal(15)
        assert process.ends() == 0
