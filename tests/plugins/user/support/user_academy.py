"""An academy as its people use it: over HTTP, through everything the platform puts before it."""

import base64
import json
from dataclasses import dataclass
from itertools import count
from typing import Any

import httpx

PASSWORD = "correct horse"
OWNER_PASSWORD = "the owner's password"
_numbers = count(1)


@dataclass(frozen=True)
class Person:
    """Somebody who signed in."""

    academy: "Academy"
    id: str
    email: str
    tokens: dict[str, Any]

    @property
    def access_token(self) -> str:
        return str(self.tokens["access_token"])

    @property
    def session_id(self) -> str:
        return str(claims_of(self.access_token)["sid"])

    async def get(self, path: str, **options: Any) -> httpx.Response:
        return await self._send("GET", path, **options)

    async def post(self, path: str, body: Any = None, **options: Any) -> httpx.Response:
        return await self._send("POST", path, body, **options)

    async def patch(self, path: str, body: Any, **options: Any) -> httpx.Response:
        return await self._send("PATCH", path, body, **options)

    async def delete(self, path: str, **options: Any) -> httpx.Response:
        return await self._send("DELETE", path, **options)

    async def _send(
        self, method: str, path: str, body: Any = None, headers: dict[str, str] | None = None
    ) -> httpx.Response:
        sent = {"Authorization": f"Bearer {self.access_token}", **(headers or {})}
        return await self.academy.send(method, path, body, headers=sent)


@dataclass(frozen=True)
class Academy:
    """One tenant, as seen by a client without a token."""

    tenant: str
    client: httpx.AsyncClient

    async def send(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        headers: dict[str, str] | None = None,
        content: bytes | None = None,
    ) -> httpx.Response:
        sent = dict(headers or {})
        if body is not None:
            content = json.dumps(body).encode()
            sent["Content-Type"] = "application/json"
        return await self.client.request(method, f"/api/v1{path}", content=content, headers=sent)

    async def get(self, path: str) -> httpx.Response:
        return await self.send("GET", path)

    async def post(self, path: str, body: Any) -> httpx.Response:
        return await self.send("POST", path, body)

    async def login(self, email: str, password: str = PASSWORD) -> Person:
        """Somebody who has an account already."""
        response = await self.post("/auth/login", {"email": email, "password": password})
        assert response.status_code == 200, response.text
        tokens = response.json()
        return Person(self, claims_of(tokens["access_token"])["sub"], email, tokens)

    async def owner(self) -> Person:
        """The owner that the tenant's file names."""
        return await self.login(f"owner@{self.tenant}.example", OWNER_PASSWORD)

    async def learner(self, name: str = "Ada") -> Person:
        """Somebody new."""
        email = f"{name.lower()}-{next(_numbers)}@people.example"
        body = {"email": email, "password": PASSWORD, "name": name}
        response = await self.post("/auth/register", body)
        assert response.status_code == 201, response.text
        return await self.login(email)

    async def with_role(self, role: str, name: str = "Grace") -> Person:
        """Somebody new, whom the owner has given a role."""
        person = await self.learner(name)
        owner = await self.owner()
        response = await owner.patch(f"/users/{person.id}", {"role": role})
        assert response.status_code == 200, response.text
        return person


def claims_of(token: str) -> dict[str, Any]:
    """What a token says, unverified."""
    part = token.split(".")[1]
    claims: dict[str, Any] = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    return claims


def pointers(response: httpx.Response) -> set[str]:
    """The fields that a problem document complains about."""
    return {error["pointer"] for error in response.json()["errors"]}
