"""The people of an academy who make and read content over HTTP, and the service on a bench."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

import httpx

from colonnade.context import Principal, current_context
from colonnade.errors import NotFound
from colonnade_runtime.testing import ServiceBench, example_of
from colonnade_user.api import GetUser, Role, User


@dataclass(frozen=True)
class Person:
    """Somebody who sends requests."""

    client: httpx.AsyncClient
    principal: Principal

    @property
    def id(self) -> str:
        return self.principal.id

    async def send(self, method: str, path: str, **options: Any) -> httpx.Response:
        return await self.client.request(method, f"/api/v1{path}", **options)

    async def upload(
        self, data: bytes, name: str = "notes.txt", declared: str = "application/octet-stream"
    ) -> httpx.Response:
        return await self.send("POST", "/files", files={"file": (name, data, declared)})


@dataclass(frozen=True)
class Academy:
    """The people of one academy, and its content service."""

    bench: ServiceBench
    teacher: Person
    learner: Person
    visitor: Person
    colleague: Person
    owner: Person

    @property
    def learner_id(self) -> UUID:
        return UUID(self.learner.id)

    def account(self, request: GetUser) -> User:
        """As the user service answers this one: of those who may teach."""
        assert current_context().principal.id == "service:content"
        for person in (self.teacher, self.colleague, self.owner):
            if person.id == str(request.user_id):
                role = Role(person.principal.roles[0])
                return example_of(User, id=request.user_id, role=role)
        raise NotFound("There is no such user.")


def academy_on(bench: ServiceBench) -> Academy:
    """Somebody of each kind."""

    def person(role: str) -> Person:
        principal = bench.person(roles={role})
        return Person(bench.client(principal), principal)

    academy = Academy(
        bench,
        teacher=person("instructor"),
        learner=person("learner"),
        visitor=Person(bench.client(), Principal.anonymous()),
        colleague=person("instructor"),
        owner=person("owner"),
    )
    bench.stub(GetUser, academy.account)
    return academy
