"""Servers that all workers of a test run share."""

import socket
import threading
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from colonnade_runtime.testing.servers import KINDS, RunningServer, find_program, running_server
from colonnade_runtime.testing.servers.shared_server import shared_server

pytestmark = pytest.mark.server


@pytest.fixture
def start(postgresql_url: str) -> Callable[[ExitStack], RunningServer]:
    kind = KINDS["postgresql"]
    return lambda stack: stack.enter_context(running_server(kind, find_program(kind)))


def listens(url: str) -> bool:
    parts = urlsplit(url)
    try:
        with socket.create_connection((parts.hostname, parts.port), 1):
            return True
    except OSError:
        return False


def test_who_comes_later_shares_and_who_started_waits(
    tmp_path: Path, start: Callable[[ExitStack], RunningServer]
) -> None:
    begun, leave, ended = threading.Event(), threading.Event(), threading.Event()
    urls: list[str] = []

    def first_worker() -> None:
        with shared_server("postgresql", tmp_path, start) as url:
            urls.append(url)
            begun.set()
            leave.wait(30)
        ended.set()

    worker = threading.Thread(target=first_worker, name="first worker")
    worker.start()
    assert begun.wait(30)
    with shared_server("postgresql", tmp_path, start) as url:
        assert urls == [url]
        leave.set()
        assert not ended.wait(0.2)
        assert listens(url)
    worker.join(30)
    assert ended.is_set()
    assert not listens(url)


def test_an_address_that_a_killed_worker_left_is_not_taken(
    tmp_path: Path, start: Callable[[ExitStack], RunningServer]
) -> None:
    with shared_server("postgresql", tmp_path, start) as url:
        left = (tmp_path / "postgresql.url").read_text()
    assert left == url
    (tmp_path / "postgresql.url").write_text(left)
    with shared_server("postgresql", tmp_path, start) as other:
        assert listens(other)
