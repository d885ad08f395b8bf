"""Servers as fixtures: started when a test first asks, once per session, stopped at its end."""

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path

import click
import pytest

from colonnade_runtime.testing.servers.binaries import MissingServer, find_program
from colonnade_runtime.testing.servers.server_kinds import KINDS, ServerKind
from colonnade_runtime.testing.servers.server_process import RunningServer, running_server
from colonnade_runtime.testing.servers.shared_server import shared_server

StartServer = Callable[..., RunningServer]


def _tell(line: str) -> None:
    click.echo(line, err=True)


def _start(stack: ExitStack, kind: ServerKind, more: Sequence[str] = ()) -> RunningServer:
    try:
        program = find_program(kind, _tell)
    except MissingServer as error:
        if os.environ.get("CI") == "true":
            pytest.fail(f"{error} With CI=true no server may be missing.", pytrace=False)
        pytest.skip(str(error))
    return stack.enter_context(running_server(kind, program, more))


def _may_share() -> bool:
    """Tell whether the servers of the environment are this process's: tests wipe what is on them,
    so of several workers of pytest-xdist the first has those, and each other starts its own."""
    return os.environ.get("PYTEST_XDIST_WORKER", "gw0") == "gw0"


@pytest.fixture(scope="session")
def _servers() -> Iterator[ExitStack]:
    with ExitStack() as stack:
        yield stack


@pytest.fixture
def start_server() -> Iterator[StartServer]:
    """Starts a server for one test: `start_server("nats", "--config", …)`; stopped after it."""
    with ExitStack() as stack:
        yield lambda name, *more: _start(stack, KINDS[name], more)


def _url_fixture(name: str) -> Callable[..., str]:
    kind = KINDS[name]

    @pytest.fixture(scope="session", name=f"{name}_url")
    def url(_servers: ExitStack) -> str:
        shared = os.environ.get(kind.variable) if _may_share() else None
        return shared or _start(_servers, kind).url

    url.__doc__ = f"The URL of {kind.program}, shared by the tests of a session."
    return url


def _shared_url_fixture(name: str) -> Callable[..., Iterator[str]]:
    kind = KINDS[name]

    @pytest.fixture(scope="session", name=f"{name}_url")
    def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
        if given := os.environ.get(kind.variable):
            yield given
            return
        folder = _folder_of_run(tmp_path_factory)
        with shared_server(name, folder, lambda stack: _start(stack, kind)) as found:
            yield found

    url.__doc__ = f"The URL of {kind.program}, shared by the tests of all workers."
    return url


def _folder_of_run(factory: pytest.TempPathFactory) -> Path:
    """A folder that the workers of pytest-xdist have in common."""
    own = factory.getbasetemp()
    return own.parent if "PYTEST_XDIST_WORKER" in os.environ else own


nats_url = _url_fixture("nats")
opa_url = _url_fixture("opa")
stripe_url = _url_fixture("stripe")
postgresql_url = _shared_url_fixture("postgresql")
chromium_url = _shared_url_fixture("chromium")
