"""The people of an academy who make and read content over HTTP."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import httpx
from content_bench import Bench

from colonnade.context import Principal


@dataclass(frozen=True)
class Person:
    """Person who sends requests."""

    client: httpx.AsyncClient
    id: str

    async def send(self, method: str, path: str, **options: Any) -> httpx.Response:
        headers = {"X-Caller": self.id} | options.pop("headers", {})
        return await self.client.request(method, f"/api/v1{path}", headers=headers, **options)

    async def upload(
        self, data: bytes, name: str = "notes.txt", declared: str = "application/octet-stream"
    ) -> httpx.Response:
        return await self.send("POST", "/files", files={"file": (name, data, declared)})


@dataclass(frozen=True)
class Academy:
    """The people of one academy, and its content service."""

    bench: Bench
    teacher: Person
    learner: Person
    visitor: Person
    colleague: Person
    owner: Person
    principals: Mapping[str, Principal]

    @property
    def learner_id(self) -> UUID:
        return UUID(self.learner.id)
