"""An academy as people use it, over HTTP: what every journey does again.

Nothing here knows more of a platform than its address, so a journey runs on any placement.
"""

import asyncio
import email
import json
import shutil
from collections.abc import Callable
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx

from tests.forked_commands import run_command

ROOT = Path(__file__).parents[3]
OWNER_PASSWORD = "a password for the owner"
PASSWORD = "a password for a learner"


def copied_declaration(folder: Path) -> Path:
    """The demo platform in a folder of its own: its platform.yaml.

    The policies come without their tests, which `check` would run each time.
    """
    without = shutil.ignore_patterns("*_test.rego")
    for name in ("tenants", "policies"):
        shutil.copytree(ROOT / name, folder / name, ignore=without)
    return Path(shutil.copy(ROOT / "platform.yaml", folder))


async def colonnade(declaration: Path, *arguments: str) -> tuple[int, str, str]:
    """A command line in a process of its own: how it ended, what it printed, its complaints."""
    words = ("--platform", str(declaration), *arguments)
    ended = await asyncio.to_thread(run_command, *words, cwd=Path.cwd(), timeout=300)
    return ended.returncode, ended.stdout, ended.stderr


async def imported(declaration: Path, folder: Path, tenant: str, *options: str) -> Any:
    """What `colonnade course import --publish` says."""
    arguments = ("course", "import", str(folder), "--tenant", tenant, "--publish", *options)
    code, output, errors = await colonnade(declaration, *arguments, "--format", "json")
    assert code == 0, errors
    return json.loads(output)


def visitor(url: str, tenant: str, token: str | None = None) -> httpx.AsyncClient:
    """A client of one academy; whoever has an access token is somebody there."""
    headers = {"X-Tenant": tenant}
    if token is not None:
        headers["Authorization"] = f"Bearer {token}"
    return httpx.AsyncClient(base_url=f"{url}/api/v1", headers=headers, timeout=30)


async def access_token(url: str, tenant: str, email: str, password: str = PASSWORD) -> str:
    """What signing in gives."""
    async with visitor(url, tenant) as client:
        body = {"email": email, "password": password}
        answer = await client.post("/auth/login", json=body)
    assert answer.status_code == 200, answer.text
    token: str = answer.json()["access_token"]
    return token


async def sign_in(url: str, tenant: str, email: str, password: str = PASSWORD) -> httpx.AsyncClient:
    """A client that asks as this person."""
    return visitor(url, tenant, await access_token(url, tenant, email, password))


async def owners_token(url: str, tenant: str) -> str:
    """The access token of who owns the academy."""
    return await access_token(url, tenant, f"owner@{tenant}.example", OWNER_PASSWORD)


async def owner(url: str, tenant: str) -> httpx.AsyncClient:
    """A client that asks as who owns the academy."""
    return visitor(url, tenant, await owners_token(url, tenant))


async def learner(url: str, tenant: str, name: str) -> httpx.AsyncClient:
    """A client that asks as somebody new: `name`@learners.example, called Name."""
    email = f"{name}@learners.example"
    async with visitor(url, tenant) as client:
        body = {"email": email, "password": PASSWORD, "name": name.title()}
        answer = await client.post("/auth/register", json=body)
        assert answer.status_code == 201, answer.text
    return await sign_in(url, tenant, email)


async def created(client: httpx.AsyncClient, path: str, body: dict[str, Any]) -> Any:
    """What was made."""
    answer = await client.post(path, json=body)
    assert answer.status_code == 201, answer.text
    return answer.json()


async def published_course(
    client: httpx.AsyncClient, title: str = "Python", *, lessons: int = 1, **more: Any
) -> tuple[str, list[str]]:
    """A published course of one section: its id and those of its lessons."""
    body = {"title": title, "slug": title.lower().replace(" ", "-"), **more}
    course: str = (await created(client, "/courses", body))["id"]
    body = {"course_id": course, "title": "All of it", "position": 0}
    section = (await created(client, "/sections", body))["id"]
    made = []
    for number in range(lessons):
        body = {"section_id": section, "title": f"Lesson {number}", "position": number}
        made.append((await created(client, "/lessons", body))["id"])
    answer = await client.post(f"/courses/{course}/publish")
    assert answer.status_code == 200, answer.text
    return course, made


async def learn(client: httpx.AsyncClient, enrollment: str, lesson: str) -> None:
    """Complete one lesson."""
    path = f"/enrollments/{enrollment}/lessons/{lesson}"
    answer = await client.put(path, json={"status": "completed"})
    assert answer.status_code == 200, answer.text


async def until(
    client: httpx.AsyncClient, path: str, wanted: Callable[[Any], bool], seconds: float = 20
) -> Any:
    """What `path` answers as soon as that is as wanted, within a bound."""
    async with asyncio.timeout(seconds):
        while True:
            answer = await client.get(path)
            assert answer.status_code == 200, answer.text
            found = answer.json()
            if wanted(found):
                return found
            await asyncio.sleep(0.02)


async def buy(
    client: httpx.AsyncClient, course: str, method: str = "tok_ok", key: str = "", **more: Any
) -> httpx.Response:
    """Order a course; without a key, as nobody did before."""
    return await client.post(
        "/payments",
        json={"course_id": course, "method": method, **more},
        headers={"Idempotency-Key": key or str(uuid4())},
    )


async def settled(client: httpx.AsyncClient, payment: str) -> Any:
    """The payment when nothing is under way any more."""
    under_way = ("pending", "authorized", "unknown")
    return await until(client, f"/payments/{payment}", lambda p: p["status"] not in under_way)


async def bought(client: httpx.AsyncClient, course: str, method: str = "tok_ok") -> Any:
    """Order a course: the payment when nothing is under way any more."""
    answer = await buy(client, course, method)
    assert answer.status_code == 202, answer.text
    return await settled(client, answer.json()["id"])


async def refund(
    client: httpx.AsyncClient, payment: str, amount: int, currency: str = "EUR", key: str = ""
) -> httpx.Response:
    """Give back some of a payment."""
    return await client.post(
        f"/payments/{payment}/refunds",
        json={"amount": {"amount": amount, "currency": currency}, "reason": "As agreed."},
        headers={"Idempotency-Key": key or str(uuid4())},
    )


async def enrolled(client: httpx.AsyncClient, course: str) -> Any:
    """The caller's enrolment in a course as soon as they may learn."""
    path = f"/enrollments?course_id={course}"
    found = await until(client, path, lambda page: any(is_live(item) for item in page["items"]))
    return next(item for item in found["items"] if is_live(item))


def is_live(enrollment: Any) -> bool:
    """Whether its learner may learn."""
    return enrollment["status"] in ("active", "completed")


async def told(client: httpx.AsyncClient, kind: str) -> Any:
    """The caller's notification of one kind, as soon as it is there."""

    def of_kind(page: Any) -> list[Any]:
        return [item for item in page["items"] if item["kind"] == kind]

    return of_kind(await until(client, "/notifications", lambda page: bool(of_kind(page))))[0]


async def letter(folder: Path, wanted: Callable[[EmailMessage], bool]) -> EmailMessage:
    """A mail in the folder, as soon as it is there."""
    async with asyncio.timeout(20):
        while True:
            for path in folder.glob("*.eml"):
                found = email.message_from_bytes(path.read_bytes(), policy=default)
                assert isinstance(found, EmailMessage)
                if wanted(found):
                    return found
            await asyncio.sleep(0.02)


async def report(client: httpx.AsyncClient, kind: str, **parameters: Any) -> Any:
    """A report when it is made."""
    asked = await client.post("/reports", json={"kind": kind, "parameters": parameters})
    assert asked.status_code == 202, asked.text
    path = asked.headers["location"].removeprefix("/api/v1")
    made = await until(client, path, lambda one: one["status"] in ("ready", "failed"), 60)
    assert (made["status"], made["progress"]) == ("ready", 100), made
    return made


async def content(client: httpx.AsyncClient, made: Any, form: str = "json") -> httpx.Response:
    """A report in one of its formats."""
    answer = await client.get(made["content"][form].removeprefix("/api/v1"))
    assert answer.status_code == 200, answer.text
    return answer
