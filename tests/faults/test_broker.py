"""The whole platform while its broker is away, comes back, or has forgotten everything."""

import asyncio
import json
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest

from colonnade_runtime.admin.running import administered
from colonnade_runtime.assembly.declared import read_declaration
from colonnade_runtime.edge.listening import listening
from colonnade_runtime.process.runtime import Runtime
from colonnade_runtime.testing.platform import RunningPlatform, running_platform
from colonnade_runtime.testing.servers import RunningServer
from colonnade_runtime.testing.servers.server_process import free_port
from tests.forked_commands import run_command

ROOT = Path(__file__).parents[2]
PASSWORD = "a password for everybody"
OTHERS = ("analytics", "notification")
LIMIT = 30.0

pytestmark = [pytest.mark.server, pytest.mark.faults]


@pytest.fixture
def broker(start_server: Callable[..., RunningServer]) -> RunningServer:
    """A broker of this test's own."""
    return start_server("nats")


@pytest.fixture
def declaration(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("COLONNADE_OWNER_PASSWORD", PASSWORD)
    for name in ("tenants", "policies"):
        shutil.copytree(ROOT / name, tmp_path / name)
    return Path(shutil.copy(ROOT / "platform.yaml", tmp_path))


def settings_for(broker: RunningServer) -> list[str]:
    return [f"bus={broker.url}", *(f"services.{name}.enabled=false" for name in OTHERS)]


@pytest.fixture
async def platform(declaration: Path, broker: RunningServer) -> AsyncIterator[RunningPlatform]:
    async with running_platform(declaration, settings=settings_for(broker)) as running:
        yield running


async def until(condition: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(LIMIT):
        while not await condition():
            await asyncio.sleep(0.05)


async def signed_in(platform: RunningPlatform, email: str) -> httpx.AsyncClient:
    async with platform.client("acme") as client:
        answer = await client.post("/auth/login", json={"email": email, "password": PASSWORD})
    assert answer.status_code == 200, answer.text
    return platform.client("acme", answer.json()["access_token"])


async def learner(platform: RunningPlatform) -> httpx.AsyncClient:
    body = {"email": "ada@learners.example", "password": PASSWORD, "name": "Ada"}
    async with platform.client("acme") as client:
        assert (await client.post("/auth/register", json=body)).status_code == 201
    return await signed_in(platform, "ada@learners.example")


async def course(owner: httpx.AsyncClient, **more: Any) -> str:
    answer = await owner.post("/courses", json={"title": "Python", "slug": "python", **more})
    assert answer.status_code == 201, answer.text
    found: str = answer.json()["id"]
    assert (await owner.post(f"/courses/{found}/publish")).status_code == 200
    return found


async def enrolled(ada: httpx.AsyncClient, course_id: str) -> str:
    answer = await ada.post("/enrollments", json={"course_id": course_id})
    assert answer.status_code == 201, answer.text
    enrollment: str = answer.json()["id"]
    return enrollment


async def test_without_a_broker_the_platform_waits_and_says_for_what(
    declaration: Path, broker: RunningServer
) -> None:
    broker.stop()
    port = free_port()
    declared = read_declaration(declaration, [*settings_for(broker), f"gateway.port={port}"])
    runtime = Runtime(declared)
    async with (
        listening(runtime.edge, "127.0.0.1", port),
        httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}") as client,
    ):
        starting = asyncio.create_task(runtime.start())

        async def says_what_it_waits_for() -> bool:
            ready = await client.get("/readyz")
            assert ready.status_code == 503
            return "reach" in ready.json()["waiting_for"].get("start", "")

        async def is_ready() -> bool:
            return (await client.get("/readyz")).status_code == 200

        try:
            await until(says_what_it_waits_for)
            assert (await client.get("/livez")).status_code == 200
            assert (await client.get("/api/v1/courses")).status_code == 503
            broker.start()
            await until(is_ready)
            await starting
        finally:
            starting.cancel()
            await asyncio.gather(starting, return_exceptions=True)
            await runtime.stop()


async def test_one_service_goes_on_without_the_broker_and_events_wait(
    platform: RunningPlatform, broker: RunningServer
) -> None:
    owner, ada = await signed_in(platform, "owner@acme.example"), await learner(platform)
    python = await course(owner, price={"amount": 4900, "currency": "EUR"})
    free = await course(owner, slug="free", title="Free")
    enrollment = await enrolled(ada, free)
    broker.kill()

    async def is_named_as_degraded() -> bool:
        async with httpx.AsyncClient() as client:
            ready = await client.get(f"{platform.url}/readyz")
        assert ready.status_code == 200
        return "bus" in ready.json().get("degraded", {})

    await until(is_named_as_degraded)
    assert (await ada.get(f"/courses/{python}")).status_code == 200
    changed = await owner.patch(f"/courses/{python}", json={"title": "Python 3"})
    assert changed.status_code == 200, changed.text
    order = {"course_id": python, "method": "tok_ok"}
    bought = await ada.post("/payments", json=order, headers={"Idempotency-Key": str(uuid4())})
    # The course service is in this process; what its order sets off waits.
    assert bought.status_code == 202, bought.text
    me = (await ada.get("/users/me")).json()["id"]
    assert (await owner.delete(f"/users/{me}")).status_code == 204
    assert (await owner.get(f"/enrollments/{enrollment}")).json()["status"] == "active"
    broker.start()

    async def has_left() -> bool:
        return bool((await owner.get(f"/enrollments/{enrollment}")).json()["status"] == "ended")

    await until(has_left)


async def command(declaration: Path, *arguments: str) -> Any:
    """What `colonnade outbox` prints, asked of the platform that runs."""
    whole = ["--platform", str(declaration), "outbox", *arguments, "--format", "json"]
    ended = await asyncio.to_thread(run_command, *whole, cwd=declaration.parent, timeout=LIMIT)
    assert ended.returncode == 0, ended.stderr
    return json.loads(ended.stdout)


async def test_a_wiped_broker_is_repaired_from_the_outbox_archive(
    platform: RunningPlatform, broker: RunningServer, declaration: Path
) -> None:
    """Republished events that were handled before change nothing; those that were lost arrive."""
    owner, ada = await signed_in(platform, "owner@acme.example"), await learner(platform)
    python = await course(owner)
    enrollment = await enrolled(ada, python)
    background = platform.runtime.background
    user, courses = background.of("user"), background.of("course")
    assert user is not None
    assert courses is not None
    me = (await ada.get("/users/me")).json()["id"]
    assert (await owner.delete(f"/users/{me}")).status_code == 204

    async def has_left() -> bool:
        return bool((await owner.get(f"/enrollments/{enrollment}")).json()["status"] == "ended")

    async def all_sent() -> bool:
        return (await user.relay.status("acme")).pending == 0

    await until(has_left)
    await until(all_sent)
    before = (await owner.get(f"/enrollments/{enrollment}")).json()
    handled = courses.delivery.counts.handled
    broker.kill()
    broker.wipe()
    broker.start()
    async with administered(platform.runtime, "a test") as administration:
        administration.open()
        sent = await command(declaration, "republish", "--since", "1h")
        assert {(row["service"], row["tenant"]) for row in sent if row["republished"]} >= {
            ("user", "acme"),
            ("course", "acme"),
        }
        async with asyncio.timeout(LIMIT):
            while await command(declaration, "status"):
                await asyncio.sleep(0.05)

    async def has_seen_them_again() -> bool:
        return courses.delivery.counts.repeated > 0

    await until(has_seen_them_again)
    await until(all_sent)
    assert courses.delivery.counts.handled == handled
    assert (await owner.get(f"/enrollments/{enrollment}")).json() == before
