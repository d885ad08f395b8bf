"""An academy whose people make courses and learn in them, over HTTP."""

import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from itertools import count
from typing import Any

import httpx

from colonnade.context import Principal
from colonnade.events import Event
from colonnade.messages import Request

AskAs = Callable[[Principal, Request[Any]], Awaitable[Any]]
"""Asks an operation as a principal, without HTTP."""

Published = Callable[[], Awaitable[list[Event]]]
"""Everything the course service has published so far, in order."""

Deliver = Callable[[Event], Awaitable[None]]
"""Brings another service's event to the course service and waits until it has taken effect."""

_numbers = count(1)


@dataclass(frozen=True)
class Caller:
    """Somebody who sends requests with a client of their own."""

    client: httpx.AsyncClient
    user_id: str

    async def get(self, path: str) -> httpx.Response:
        return await self.send("GET", path)

    async def delete(self, path: str) -> httpx.Response:
        return await self.send("DELETE", path)

    async def post(self, path: str, body: Any = None) -> httpx.Response:
        return await self.send("POST", path, _json(body))

    async def put(self, path: str, body: Any) -> httpx.Response:
        return await self.send("PUT", path, _json(body))

    async def patch(
        self, path: str, body: Any, headers: dict[str, str] | None = None
    ) -> httpx.Response:
        return await self.send("PATCH", path, _json(body), headers)

    async def send(
        self,
        method: str,
        path: str,
        content: bytes | None = None,
        headers: dict[str, str] | None = None,
    ) -> httpx.Response:
        sent = dict(headers or {})
        if content is not None:
            sent["Content-Type"] = "application/json"
        return await self.client.request(method, f"/api/v1{path}", content=content, headers=sent)


@dataclass(frozen=True)
class Academy:
    """The people of one academy, and short ways to what most tests begin with."""

    owner: Caller
    teacher: Caller
    other_teacher: Caller
    learner: Caller
    visitor: Caller
    new_learner: Callable[[], Awaitable[Caller]]

    async def course(self, **fields: Any) -> Any:
        body = {"title": "Python", "slug": f"course-{next(_numbers)}"} | fields
        return _made(await self.teacher.post("/courses", body))

    async def published_course(self, **fields: Any) -> Any:
        course = await self.course(**fields)
        published = await self.teacher.post(f"/courses/{course['id']}/publish")
        assert published.status_code == 200, published.text
        return published.json()

    async def section(self, course: Any, **fields: Any) -> Any:
        body = {"course_id": course["id"], "title": "Section"} | fields
        return _made(await self.teacher.post("/sections", body))

    async def lesson(self, section: Any, **fields: Any) -> Any:
        body = {"section_id": section["id"], "title": "Lesson"} | fields
        return _made(await self.teacher.post("/lessons", body))

    async def course_with_lessons(
        self, number: int, *, publish: bool = False, **fields: Any
    ) -> tuple[Any, Any, list[Any]]:
        course = await (self.published_course if publish else self.course)(**fields)
        section = await self.section(course)
        titles = [f"L{position}" for position in range(1, number + 1)]
        return course, section, [await self.lesson(section, title=title) for title in titles]

    async def enrol(self, caller: Caller, course: Any) -> Any:
        return _made(await caller.post("/enrollments", {"course_id": course["id"]}))


def problem(response: httpx.Response) -> Any:
    """A problem document, without what differs from one request to the next."""
    document = response.json()
    return {
        name: value for name, value in document.items() if name not in ("instance", "request_id")
    }


def _json(body: Any) -> bytes | None:
    return None if body is None else json.dumps(body).encode()


def _made(response: httpx.Response) -> Any:
    assert response.status_code == 201, response.text
    return response.json()
