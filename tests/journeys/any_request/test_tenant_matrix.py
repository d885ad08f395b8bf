"""Every operation that OpenAPI lists × foreign tenant, foreign token, no token."""

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import pytest

from colonnade_runtime.testing.platform import RunningPlatform, running_platform
from tests.journeys.support.academy import owner, owners_token, until

NOTHING = str(UUID(int=7 << 76 | 2 << 62))

OPEN_TO_ANYBODY = {
    "Register",
    "RequestPasswordReset",
    "ConfirmPasswordReset",
    "ConfirmEmailVerification",
    "ConfirmEmailChange",
    "ConfirmRegistration",
    "AcceptInvitation",
    "DescribeConfirmation",
    "Login",
    "RefreshTokens",
    "GetSigningKeys",
    "ListCourses",
    "GetCourse",
    "GetOutline",
    "ListSections",
    "ListLessons",
    "GetSection",
    "GetLesson",
    "ListInstructors",
    "GetProfile",
    "GetAcademy",
    "ListContent",
    "ListFiles",
    "ListMedia",
    "DescribeUnsubscription",
    "Unsubscribe",
}
"""What somebody who has not signed in may at least ask; an addition is a decision made here.
Lists of content hold previews of published lessons, and nothing else, for them.
An unsubscribe link is signed, and all it takes (RFC 8058). The link of a mail is all that a
confirmation takes."""


@pytest.fixture
async def platform(declaration: Path) -> AsyncIterator[RunningPlatform]:
    async with running_platform(declaration) as running:
        yield running


async def operations(platform: RunningPlatform) -> list[tuple[str, str, str]]:
    """Method, path and operation of everything in the document."""
    async with httpx.AsyncClient() as client:
        document = (await client.get(f"{platform.url}/openapi.json")).json()
    listed = [
        (method.upper(), path, described["operationId"])
        for path, methods in document["paths"].items()
        for method, described in methods.items()
    ]
    assert len(listed) > len(OPEN_TO_ANYBODY)
    return listed


async def ask(client: httpx.AsyncClient, method: str, path: str, names: dict[str, str]) -> Any:
    for name, value in names.items():
        path = path.replace("{" + name + "}", value)
    body = {"json": {}} if method in ("POST", "PUT", "PATCH") else {}
    headers = {"Idempotency-Key": "matrix"}
    return await client.request(method, path.removeprefix("/api/v1"), headers=headers, **body)


class Names(dict[str, str]):
    """Any path parameter is the id of something of the other academy, else of nothing."""

    def items(self) -> Any:
        return [
            *super().items(),
            *((name, NOTHING) for name in PARAMETERS if name not in self),
        ]


BROWSER = {
    "endpoint": "https://push.example/acme",
    "keys": {
        "p256dh": "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcx"
        "aOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4",
        "auth": "BTBZMqHH6r4Tts7J_aSIgg",
    },
}
"""The browser of RFC 8291 §5."""

PARAMETERS = (
    "course_id",
    "section_id",
    "lesson_id",
    "enrollment_id",
    "user_id",
    "session_id",
    "file_id",
    "media_id",
    "content_id",
    "payment_id",
    "payout_id",
    "coupon_id",
    "notification_id",
    "subscription_id",
    "delivery_id",
    "suppression_id",
    "kind",
    "locale",
    "token",
    "report_id",
    "invitation_id",
)


@pytest.mark.journey
async def test_no_operation_answers_another_academys_token(platform: RunningPlatform) -> None:
    token = await owners_token(platform.url, "acme")
    async with platform.client("globex", token) as foreign:
        for method, path, name in await operations(platform):
            answer = await ask(foreign, method, path, Names())
            assert answer.status_code == 401, (name, answer.status_code, answer.text)


@pytest.mark.journey
async def test_another_academys_objects_are_like_those_that_never_existed(
    platform: RunningPlatform,
) -> None:
    async with await owner(platform.url, "acme") as client:
        me = (await client.get("/users/me")).json()["id"]
        body = {"title": "Python", "slug": "python"}
        course = (await client.post("/courses", json=body)).json()["id"]
        body = {"course_id": course, "title": "All", "position": 0}
        section = (await client.post("/sections", json=body)).json()["id"]
        await client.post(f"/courses/{course}/publish")
        browser = (await client.post("/push-subscriptions", json=BROWSER)).json()["id"]
        page = await until(client, "/notifications", lambda page: bool(page["items"]))
        told = page["items"][0]["id"]
    theirs = {
        "user_id": me,
        "course_id": course,
        "section_id": section,
        "subscription_id": browser,
        "notification_id": told,
        "delivery_id": told,
    }
    async with await owner(platform.url, "globex") as client:
        for method, path, name in await operations(platform):
            if "{" not in path:
                continue
            foreign = await ask(client, method, path, Names(theirs))
            missing = await ask(client, method, path, Names())
            assert foreign.status_code == missing.status_code, name
            assert foreign.status_code in (403, 404, 422), (name, foreign.text)
            assert _without_ids(foreign, theirs) == _without_ids(missing, theirs), name


@pytest.mark.journey
async def test_without_a_token_only_what_is_meant_to_be_open_is(platform: RunningPlatform) -> None:
    async with platform.client("acme") as client:
        for method, path, name in await operations(platform):
            answer = await ask(client, method, path, Names())
            if name not in OPEN_TO_ANYBODY:
                # What is asked is read first, so a wrong body is 415 or 422 for everybody.
                assert answer.status_code in (401, 404, 415, 422), (name, answer.text)


def _without_ids(answer: httpx.Response, ids: dict[str, str]) -> Any:
    text = answer.text
    for value in ids.values():
        text = text.replace(value, NOTHING)
    return json.loads(text)
