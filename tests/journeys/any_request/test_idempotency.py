"""Every POST that makes something takes `Idempotency-Key`, or says that it does not."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from colonnade_runtime.testing.platform import RunningPlatform, running_platform
from tests.journeys.support.academy import owner

Operation = tuple[str, str]
"""Path and name of an operation."""

ADDRESSES = ("grace@people.example", "hedy@people.example")
REQUIRED = {"CreatePayment", "RequestPayout"}
"""Operations on money; their own tests repeat them."""

BROWSER_KEY = (
    "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4"
)
"""The key of a browser (RFC 8291 §5)."""

PICTURE = bytes.fromhex(
    "89504e470d0a1a0a0000000d494844520000000100000001080600000"
    "01f15c4890000000d49444154789c63f8cfc0f01f00050001ff56c72f0d0000000049454e44ae426082"
)


@pytest.fixture
async def platform(declaration: Path) -> AsyncIterator[RunningPlatform]:
    async with running_platform(declaration) as running:
        yield running


async def creating(platform: RunningPlatform) -> tuple[dict[str, str], dict[str, str]]:
    """Operation → path of those that take the header, and of those that do not."""
    async with httpx.AsyncClient() as client:
        document = (await client.get(f"{platform.url}/openapi.json")).json()
    takes: dict[str, str] = {}
    refuses: dict[str, str] = {}
    for path, methods in document["paths"].items():
        described = methods.get("post")
        if described is not None and makes_something(described["responses"]):
            names = {
                parameter.get("$ref", "").rpartition("/")[2]
                for parameter in described["parameters"]
            }
            keyed = names & {"Idempotency-Key", "Optional-Idempotency-Key"}
            (takes if keyed else refuses)[described["operationId"]] = path
    return takes, refuses


def makes_something(responses: dict[str, Any]) -> bool:
    done = [answer for status, answer in responses.items() if status in ("201", "202")]
    return "201" in responses or any("Location" in answer["headers"] for answer in done)


async def made(client: httpx.AsyncClient, path: str, body: Any) -> str:
    answer = await client.post(path, json=body)
    assert answer.is_success, answer.text
    identifier: str = answer.json()["id"]
    return identifier


async def bodies(platform: RunningPlatform, client: httpx.AsyncClient) -> dict[str, Any]:
    """Operation → path parameters, a body, and another body that would do something else."""
    course = await made(client, "/courses", {"title": "Python", "slug": "python"})
    await client.post(f"/courses/{course}/publish")
    other = await made(client, "/courses", {"title": "R", "slug": "r"})
    await client.post(f"/courses/{other}/publish")
    section = await made(client, "/sections", {"course_id": course, "title": "All"})
    text = {"kind": "markdown", "title": "Text", "body": "Text"}
    content = await made(client, "/content", text)
    files = [
        (await client.post("/files", files={"file": (name, PICTURE, "image/png")})).json()["id"]
        for name in ("one.png", "two.png")
    ]
    people = [
        await made(
            client,
            "/auth/register",
            {"email": f"{name}@acme.example", "password": "correct horse", "name": name},
        )
        for name in ("ada", "grace")
    ]
    for person in people:
        changed = await client.patch(f"/users/{person}", json={"role": "instructor"})
        assert changed.is_success, changed.text
    intervals = ("month", "day")
    return {
        "CreateCourse": ({}, {"title": "S", "slug": "s"}, {"title": "T", "slug": "t"}),
        "AddInstructor": ({"course_id": course}, *({"user_id": each} for each in people)),
        "CreateSection": ({}, *({"course_id": course, "title": each} for each in "AB")),
        "CreateLesson": ({}, *({"section_id": section, "title": each} for each in "AB")),
        "CreateEnrollment": ({}, {"course_id": course}, {"course_id": other}),
        "CreateContent": ({}, text, {**text, "title": "Other"}),
        "CreateInvitation": ({}, *({"email": each, "role": "learner"} for each in ADDRESSES)),
        "RotateSigningKey": ({}, {}, None),
        "CreateMedia": ({}, *({"file_id": each} for each in files)),
        "ShareContent": ({"content_id": content}, *({"user_id": each} for each in people)),
        "CreateCoupon": ({}, *({"code": each, "percent": 10} for each in ("SPRING", "SUMMER"))),
        "CreateReport": (
            {},
            *({"kind": "revenue", "parameters": {"interval": each}} for each in intervals),
        ),
    }


@pytest.mark.journey
async def test_a_key_makes_one_thing_however_often_it_is_sent(platform: RunningPlatform) -> None:
    takes, _ = await creating(platform)
    async with await owner(platform.url, "acme") as client:
        known = await bodies(platform, client)
        assert set(takes) == set(known) | REQUIRED
        for name, (parameters, body, other) in known.items():
            path = takes[name].format(**parameters).removeprefix("/api/v1")
            headers = {"Idempotency-Key": f"first {name}"}
            first, again = [await client.post(path, json=body, headers=headers) for _ in range(2)]
            assert first.is_success, (name, first.text)
            assert (again.status_code, again.json()) == (first.status_code, first.json()), name
            assert again.headers.get("location") == first.headers.get("location")
            if other is None:
                continue
            reused = await client.post(path, json=other, headers=headers)
            assert (reused.status_code, reused.json()["code"]) == (
                422,
                "idempotency_key_reused",
            ), (name, reused.text)


@pytest.mark.journey
async def test_a_route_that_takes_no_key_says_so_and_does_nothing(
    platform: RunningPlatform,
) -> None:
    _, refuses = await creating(platform)
    token = "x" * 43
    register = {"email": "ada@people.example", "password": "correct horse", "name": "Ada"}
    browser = {
        "endpoint": "https://push.example/acme",
        "keys": {"p256dh": BROWSER_KEY, "auth": "BTBZMqHH6r4Tts7J_aSIgg"},
    }
    bodies = {
        "Register": {"json": register},
        "ConfirmRegistration": {"json": {"token": token}},
        "AcceptInvitation": {"json": {"token": token, "name": "Ada", "password": "correct horse"}},
        "UploadFile": {"files": {"file": ("one.png", PICTURE, "image/png")}},
        "CreatePushSubscription": {"json": browser},
    }
    assert set(refuses) == set(bodies)
    async with await owner(platform.url, "acme") as client:
        for name, body in bodies.items():
            path = refuses[name].removeprefix("/api/v1")
            answer = await client.post(path, headers={"Idempotency-Key": "any"}, **body)
            assert answer.status_code == 400, (name, answer.text)
            [problem] = answer.json()["errors"]
            assert problem["pointer"] == "Idempotency-Key", name
            assert "takes no Idempotency-Key" in answer.json()["detail"], name
        found = (await client.get("/users?q=ada")).json()["items"]
        assert found == []
