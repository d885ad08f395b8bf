"""The demo platform split over NATS: six processes, and three twice each, a gateway in front."""

import asyncio
import json
import os
import re
import signal
import socket
import subprocess
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import nats
import pytest

from colonnade.context import Context, ContextSigner, Principal
from colonnade_runtime.testing.servers.nats_streams import without_streams
from colonnade_runtime.testing.servers.server_process import free_port
from tests.course_material import skip_without_courses
from tests.forked_commands import ForkedCommand, run_command
from tests.journeys.support import whole_journey
from tests.journeys.support.academy import OWNER_PASSWORD, PASSWORD, copied_declaration

READY_SECONDS = 180
SERVICES = ("user", "course", "content", "payment", "analytics", "notification")
Processes = Mapping[str, tuple[str, ...]]

ONCE: Processes = {f"{name}s": (name,) for name in SERVICES}
TWICE: Processes = {
    "people": ("user", "notification"),
    "learning": ("course", "content"),
    "money": ("payment", "analytics"),
}
"""Processes with replicas: what a restart of each costs is the same for one service as for two."""

pytestmark = [pytest.mark.journey, pytest.mark.server, pytest.mark.slow]


@dataclass(frozen=True)
class Split:
    """A running platform: where it answers, and its log."""

    url: str
    log: Path
    processes: Processes
    replicas: int
    supervisor: int
    settings: tuple[str, ...]

    def client(self, token: str | None = None) -> httpx.AsyncClient:
        headers = {"X-Tenant": "acme"}
        if token is not None:
            headers["Authorization"] = f"Bearer {token}"
        return httpx.AsyncClient(base_url=f"{self.url}/api/v1", headers=headers, timeout=30)


def free_ports(count: int) -> int:
    """The first of `count` ports in a row that are free."""
    while True:
        first = free_port()
        if first + count < 65536 and all(map(_is_free, range(first, first + count))):
            return first


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True


def declared(nats_url: str, port: int, processes: Processes, replicas: int) -> str:
    """The processes, and so many of each."""
    # Once where the declaration says, and once wherever there is room.
    where, discovery = ("{}", "static:") if replicas == 1 else ("{port: 0}", nats_url)
    each = (
        f"  {name}: {{services: [{', '.join(services)}], replicas: {replicas}, gateway: {where}}}\n"
        for name, services in processes.items()
    )
    return (
        f"bus: {nats_url}\ndiscovery: '{discovery}'\ngateway: {{port: {port}}}\n"
        "logging: {access: false}\n"
        # An owner who makes a course at each turn of a restart is no attack.
        "services: {course: {per_day: {CreateCourse: 100000}}}\n"
        "processes:\n" + "".join(each)
    )


@pytest.fixture(scope="module", params=[(ONCE, 1), (TWICE, 2)], ids=["six", "three-twice"])
def platform(
    request: pytest.FixtureRequest, nats_url: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Split]:
    asyncio.run(without_streams(nats_url))
    declaration = copied_declaration(tmp_path_factory.mktemp("split"))
    whole_journey.declare(declaration)
    port = free_ports(13)
    overlay = declaration.with_name("platform.development.yaml")
    processes, replicas = request.param
    overlay.write_text(declared(nats_url, port, processes, replicas))
    settings = tuple(word for each in whole_journey.SETTINGS for word in ("--set", each))
    environment = {**os.environ, "COLONNADE_OWNER_PASSWORD": OWNER_PASSWORD}
    log = declaration.with_name("log")
    with log.open("wb") as file:
        process = ForkedCommand(
            *settings, "up", cwd=log.parent, env=environment,
            stdout=file.fileno(), stderr=file.fileno(),
        )  # fmt: skip
    try:
        _wait_until_ready(f"http://127.0.0.1:{port}", process, log)
        yield Split(f"http://127.0.0.1:{port}", log, processes, replicas, process.pid, settings)
    finally:
        process.send_signal(signal.SIGTERM)
        assert process.wait(60) == 0, log.read_text()[-3000:]


def _wait_until_ready(url: str, process: ForkedCommand, log: Path) -> None:
    deadline = time.monotonic() + READY_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        try:
            if httpx.get(f"{url}/readyz", timeout=5).status_code == 200:
                return
        except httpx.TransportError:
            pass
        time.sleep(0.2)
    raise AssertionError(log.read_text()[-5000:])


async def signed_in(platform: Split, email: str, password: str = PASSWORD) -> httpx.AsyncClient:
    async with platform.client() as client:
        answer = await client.post("/auth/login", json={"email": email, "password": password})
    assert answer.status_code == 200, answer.text
    return platform.client(answer.json()["access_token"])


@pytest.fixture
async def owner(platform: Split) -> AsyncIterator[httpx.AsyncClient]:
    async with await signed_in(platform, "owner@acme.example", OWNER_PASSWORD) as client:
        yield client


@pytest.fixture
async def learner(platform: Split) -> AsyncIterator[httpx.AsyncClient]:
    email = f"{uuid4().hex}@learners.example"
    async with platform.client() as client:
        body = {"email": email, "password": PASSWORD, "name": "Ada"}
        answer = await client.post("/auth/register", json=body)
    assert answer.status_code == 201, answer.text
    async with await signed_in(platform, email) as client:
        yield client


async def published_course(owner: httpx.AsyncClient, **more: Any) -> str:
    body = {"title": "Python", "slug": f"python-{uuid4().hex[:8]}", **more}
    answer = await owner.post("/courses", json=body)
    assert answer.status_code == 201, answer.text
    course: str = answer.json()["id"]
    assert (await owner.post(f"/courses/{course}/publish")).status_code == 200
    return course


async def until_it_is(client: httpx.AsyncClient, path: str, wanted: str) -> Any:
    async with asyncio.timeout(30):
        while True:
            answer = await client.get(path)
            assert answer.status_code == 200, answer.text
            if answer.json()["status"] == wanted:
                return answer.json()
            await asyncio.sleep(0.05)


async def test_the_whole_journey(platform: Split) -> None:
    """The first, since it counts everything in the academy."""
    skip_without_courses()
    await whole_journey.take(platform.url, platform.log.with_name("platform.yaml"))


async def test_a_purchase_goes_through_three_processes(
    owner: httpx.AsyncClient, learner: httpx.AsyncClient
) -> None:
    course = await published_course(owner, price={"amount": 4900, "currency": "EUR"})
    answer = await learner.post(
        "/payments",
        json={"course_id": course, "method": "tok_ok"},
        headers={"Idempotency-Key": str(uuid4())},
    )
    assert answer.status_code == 202, answer.text
    payment = await until_it_is(learner, f"/payments/{answer.json()['id']}", "captured")
    await until_it_is(learner, f"/enrollments/{payment['enrollment_id']}", "active")


async def test_an_event_of_one_process_takes_effect_in_another(
    owner: httpx.AsyncClient, learner: httpx.AsyncClient
) -> None:
    course = await published_course(owner)
    enrollment = (await learner.post("/enrollments", json={"course_id": course})).json()["id"]
    me = (await learner.get("/users/me")).json()["id"]
    assert (await owner.delete(f"/users/{me}")).status_code == 204
    await until_it_is(owner, f"/enrollments/{enrollment}", "ended")


async def test_an_answer_is_never_older_than_the_last_write(
    platform: Split, owner: httpx.AsyncClient, learner: httpx.AsyncClient
) -> None:
    """Whichever replica wrote, and whichever has the answer in its cache."""
    course = await published_course(owner)
    for number in range(10):
        title = f"Title {number}"
        answer = await owner.patch(f"/courses/{course}", json={"title": title})
        assert answer.status_code == 200, answer.text
        # Twice in a row each: the gateway takes the replicas in turn.
        for client in (owner, owner, learner, learner) * 2:
            assert (await client.get(f"/courses/{course}")).json()["title"] == title


async def test_a_path_of_nobody_is_a_problem_document(platform: Split) -> None:
    async with platform.client() as client:
        answer = await client.get("/nothing")
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"


async def test_one_document_describes_all_processes(platform: Split) -> None:
    async with httpx.AsyncClient() as client:
        paths = (await client.get(f"{platform.url}/openapi.json")).json()["paths"]
    for path in ("/api/v1/users/me", "/api/v1/courses", "/api/v1/payments"):
        assert path in paths


def commanded(platform: Split, *words: str) -> "subprocess.CompletedProcess[str]":
    """What a command says of the running platform."""
    return run_command(*platform.settings, *words, cwd=platform.log.parent)


def test_status_names_every_process_and_who_owns_the_work(platform: Split) -> None:
    answer = commanded(platform, "status", "--format", "json")
    assert answer.returncode == 0, answer.stdout + answer.stderr
    found = json.loads(answer.stdout)
    assert found["problems"] == []
    assert {each["state"] for each in found["processes"]} == {"ready"}
    assert len(found["processes"]) == 1 + len(platform.processes) * platform.replicas
    owners = [
        service["service"]
        for each in found["processes"]
        for service in each["services"]
        if service["owner"]
    ]
    assert sorted(owners) == sorted(SERVICES)


async def test_commands_reach_the_process_that_they_are_about(
    platform: Split, owner: httpx.AsyncClient
) -> None:
    await published_course(owner)
    answer = await asyncio.to_thread(
        commanded, platform, "outbox", "status", "--all", "--format", "json"
    )
    assert answer.returncode == 0, answer.stderr
    assert {"user", "course"} <= {row["service"] for row in json.loads(answer.stdout)}
    answer = await asyncio.to_thread(
        commanded, platform, "outbox", "republish", "--since", "2h", "--format", "json"
    )
    assert answer.returncode == 0, answer.stderr
    again = Counter({"course": 0})
    for row in json.loads(answer.stdout):
        again[row["service"]] += row["republished"]
    assert again["course"] > 0
    answer = await asyncio.to_thread(commanded, platform, "sagas", "list", "--service", "quiz")
    assert answer.returncode == 1
    assert "There is no service 'quiz'" in answer.stderr


NO_ID = b'{"course_id": "no id"}'


async def test_a_message_that_does_not_parse_is_answered_with_what_is_wrong(
    platform: Split, nats_url: str
) -> None:
    key = (platform.log.parent / "var" / "keys" / "signing.key").read_bytes()
    context = Context("acme", Principal.service("payment"), time.time() + 60, "a-request")
    signer = ContextSigner(key)
    subject = "ask.course.v1.GetCourse"

    def signed(payload: bytes) -> str:
        return signer.sign(context, subject, payload, time.time() + 10)

    wrong = {
        (b"{}", "no context"): "unauthenticated",
        (b"{}", ""): "unauthenticated",
        (b"{}", signed(b"{half")): "unauthenticated",
        (b"{half", signed(b"{half")): "validation_failed",
        (b"\xff\xfe", signed(b"\xff\xfe")): "validation_failed",
        (NO_ID, signed(NO_ID)): "validation_failed",
    }
    async with await nats.connect(nats_url) as client:
        for (payload, header), code in wrong.items():
            headers = {"Colonnade-Context": header}
            answer = await client.request(subject, payload, 10, headers=headers)
            assert answer.data[:1] == b"-"
            assert json.loads(answer.data[1:])["code"] == code, (payload, answer.data)
        once = {"Colonnade-Context": signed(NO_ID)}
        answers = [await client.request(subject, NO_ID, 10, headers=once) for _ in range(20)]
        codes = Counter(json.loads(answer.data[1:])["code"] for answer in answers)
        # Each replica takes it once.
        assert set(codes) == {"validation_failed", "unauthenticated"}
        assert codes["validation_failed"] <= platform.replicas


async def test_a_killed_process_is_started_again_and_clients_wait_for_it(
    platform: Split, owner: httpx.AsyncClient
) -> None:
    """What certainly reached nobody is sent again; what is committed is still there."""
    course = await published_course(owner)
    [process] = [name for name, services in platform.processes.items() if "course" in services]
    lock = platform.log.parent / "var" / "run" / f"{process}.lock"
    found = re.search(r"process (\d+)", lock.read_text())
    assert found is not None
    os.kill(int(found[1]), signal.SIGKILL)
    async with asyncio.timeout(120):
        while (answer := await owner.get(f"/courses/{course}")).status_code == 503:
            assert answer.json()["code"] == "unavailable"
    assert answer.status_code == 200, answer.text


PACE = 0.1
"""Seconds between two requests of a client: the machine must also start processes."""


class Load:
    """Clients that ask again and again, and what they were answered."""

    def __init__(self, owner: httpx.AsyncClient, learner: httpx.AsyncClient, course: str) -> None:
        self._owner = owner
        self._learner = learner
        self._course = course
        self._stop = asyncio.Event()
        self.answers: dict[tuple[str, int], int] = {}
        self.refusals: list[str] = []
        self.created: list[str] = []

    async def reading(self, path: str) -> None:
        while not self._stop.is_set():
            self._note(path, await self._learner.get(path))
            await asyncio.sleep(PACE)

    async def creating(self) -> None:
        while not self._stop.is_set():
            slug = f"rolling-{uuid4().hex[:12]}"
            answer = await self._owner.post("/courses", json={"title": "Rolling", "slug": slug})
            self._note("POST /courses", answer)
            self.created.append(answer.json().get("id", ""))
            await asyncio.sleep(PACE)

    def _note(self, what: str, answer: httpx.Response) -> None:
        key = (what, answer.status_code)
        self.answers[key] = self.answers.get(key, 0) + 1
        if answer.status_code >= 400:
            self.refusals.append(f"{what}: {answer.status_code} {answer.text[:300]}")

    async def during(self, work: Awaitable[None]) -> None:
        paths = (f"/courses/{self._course}", "/users/me", "/payments", "/notifications")
        loads = [self.reading(path) for path in paths] + [self.creating()]
        async with asyncio.TaskGroup() as group:
            for load in loads:
                group.create_task(load)
            await work
            self._stop.set()


async def test_a_rolling_restart_under_load_answers_every_request(
    platform: Split, owner: httpx.AsyncClient, learner: httpx.AsyncClient
) -> None:
    """Each process goes and comes back while the other replica of it answers."""
    if platform.replicas == 1:
        pytest.skip("needs a second replica")
    course = await published_course(owner)
    load = Load(owner, learner, course)
    await load.during(rolled(platform))
    assert load.refusals == []
    assert len(load.answers) == 5, load.answers
    assert sum(load.answers.values()) > 100
    # What was answered is there, once.
    for created in load.created:
        assert (await owner.get(f"/courses/{created}")).status_code == 200
    assert len(set(load.created)) == len(load.created)


async def rolled(platform: Split) -> None:
    os.kill(platform.supervisor, signal.SIGUSR1)
    async with asyncio.timeout(400):
        while "all processes were restarted" not in platform.log.read_text():
            await asyncio.sleep(0.2)
