"""Who was shut out just before the user process, or the way to it, goes away stays out."""

import asyncio
import os
import signal
from collections.abc import Awaitable, Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import httpx
import pytest

from colonnade_runtime.testing.servers import RunningServer
from colonnade_runtime.testing.servers.server_process import free_port
from tests.forked_commands import ForkedCommand
from tests.journeys.support.academy import OWNER_PASSWORD, copied_declaration, learner, owner

READY_SECONDS = 90.0
PROCESSES = {"people": ["user"], "learning": ["course", "content"]}
OTHERS = ("payment", "analytics", "notification")

pytestmark = [pytest.mark.server, pytest.mark.faults, pytest.mark.slow]


@dataclass
class Split:
    """Two processes over a broker of their own: where they answer, and the programs."""

    people: str
    learning: str
    broker: RunningServer
    programs: dict[str, ForkedCommand]

    async def lose(self, what: str) -> None:
        """Lose the user process, as a kill does, or the broker."""
        if what == "broker":
            self.broker.kill()
            return
        self.programs["people"].send_signal(signal.SIGKILL)
        self.programs["people"].wait(10)


def _start(declaration: Path, name: str, log: IO[bytes]) -> ForkedCommand:
    environment = {**os.environ, "COLONNADE_OWNER_PASSWORD": OWNER_PASSWORD}
    output = log.fileno()
    return ForkedCommand(
        "run", name, cwd=declaration.parent, env=environment, stdout=output, stderr=output
    )


@pytest.fixture
def declaration(
    tmp_path: Path, start_server: Callable[..., RunningServer]
) -> tuple[Path, RunningServer, dict[str, int]]:
    broker = start_server("nats")
    ports = {name: free_port() for name in PROCESSES}
    copied = copied_declaration(tmp_path)
    processes = "".join(
        f"  {name}: {{services: [{', '.join(hosted)}], gateway: {{port: {ports[name]}}}}}\n"
        for name, hosted in PROCESSES.items()
    )
    disabled = "".join(f"  {name}: {{enabled: false}}\n" for name in OTHERS)
    copied.with_name("platform.development.yaml").write_text(
        f"bus: {broker.url}\ndiscovery: 'static:'\ngateway: {{port: {free_port()}}}\n"
        f"logging: {{access: false}}\nservices:\n{disabled}processes:\n{processes}"
    )
    return copied, broker, ports


@pytest.fixture
def programs(
    declaration: tuple[Path, RunningServer, dict[str, int]],
) -> Iterator[dict[str, ForkedCommand]]:
    copied, _, _ = declaration
    with ExitStack() as stack:
        started = {}
        for name in PROCESSES:
            log = stack.enter_context(copied.with_name(f"{name}.log").open("wb"))
            started[name] = _start(copied, name, log)
        try:
            yield started
        finally:
            for program in started.values():
                program.kill()
                program.wait(10)


@pytest.fixture
async def split(
    declaration: tuple[Path, RunningServer, dict[str, int]],
    programs: dict[str, ForkedCommand],
) -> Split:
    copied, broker, ports = declaration
    urls = {name: f"http://127.0.0.1:{port}" for name, port in ports.items()}

    async def is_ready() -> bool:
        async with httpx.AsyncClient() as client:
            try:
                answers = [await client.get(f"{url}/readyz") for url in urls.values()]
            except httpx.TransportError:
                return False
        return all(answer.status_code == 200 for answer in answers)

    try:
        await until(is_ready, READY_SECONDS)
    except TimeoutError:
        logs = [copied.with_name(f"{name}.log").read_text()[-3000:] for name in PROCESSES]
        pytest.fail("\n".join(logs))
    return Split(urls["people"], urls["learning"], broker, programs)


async def until(condition: Callable[[], Awaitable[bool]], seconds: float = 10.0) -> None:
    async with asyncio.timeout(seconds):
        while not await condition():
            await asyncio.sleep(0.05)


def at(url: str, person: httpx.AsyncClient) -> httpx.AsyncClient:
    """The same person, asking another process."""
    return httpx.AsyncClient(base_url=f"{url}/api/v1", headers=person.headers, timeout=30)


async def drafts(person: httpx.AsyncClient) -> int:
    """Whether somebody may begin a course, which instructors may."""
    body = {"title": "Draft", "slug": f"draft-{os.urandom(4).hex()}"}
    return (await person.post("/courses", json=body)).status_code


@pytest.mark.parametrize("lost", ["people", "broker"])
async def test_a_role_taken_away_is_gone_although_nobody_can_be_asked(
    split: Split, lost: str
) -> None:
    chief = await owner(split.people, "acme")
    grace, ada = [await learner(split.people, "acme", name) for name in ("grace", "ada")]
    account = f"/users/{(await grace.get('/users/me')).json()['id']}"
    assert (await chief.patch(account, json={"role": "instructor"})).status_code == 200
    teaching, learning = at(split.learning, grace), at(split.learning, ada)

    async def teaches() -> bool:
        return await drafts(teaching) == 201

    await until(teaches)
    assert (await learning.get("/enrollments")).status_code == 200

    assert (await chief.patch(account, json={"role": "learner"})).status_code == 200
    await split.lose(lost)

    assert await drafts(teaching) == 403
    assert (await teaching.get("/enrollments")).status_code == 200
    assert (await learning.get("/enrollments")).status_code == 200


@pytest.mark.parametrize("lost", ["people", "broker"])
@pytest.mark.parametrize("way", ["suspended", "signed out", "deleted"])
async def test_who_was_shut_out_stays_out_although_nobody_can_be_asked(
    split: Split, way: str, lost: str
) -> None:
    chief = await owner(split.people, "acme")
    grace, ada = [await learner(split.people, "acme", name) for name in ("grace", "ada")]
    account = f"/users/{(await grace.get('/users/me')).json()['id']}"
    studying, learning = at(split.learning, grace), at(split.learning, ada)
    for person in (studying, learning):
        assert (await person.get("/enrollments")).status_code == 200

    if way == "suspended":
        answer = await chief.patch(account, json={"status": "suspended"})
    elif way == "deleted":
        answer = await chief.delete(account)
    else:
        answer = await grace.post("/auth/logout")
    assert answer.status_code in {200, 204}, answer.text
    await split.lose(lost)

    assert (await studying.get("/enrollments")).status_code == 401
    assert (await learning.get("/enrollments")).status_code == 200
