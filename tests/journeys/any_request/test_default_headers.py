"""Headers that every answer has: each route of the API's description, as bytes on a socket."""

import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
import pytest_asyncio

from colonnade_runtime.testing.platform import running_platform
from tests.journeys.support.academy import OWNER_PASSWORD, copied_declaration, owners_token
from tests.raw_http import Answer, exchanged

pytestmark = pytest.mark.asyncio(loop_scope="module")

METHODS = ("GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE", "TRACE")
NOBODYS_ID = "0190a000-0000-7000-8000-000000000000"


@dataclass(frozen=True, slots=True)
class House:
    url: str
    token: str
    paths: dict[str, dict[str, Any]]

    async def asked(self, method: str, path: str, *headers: str) -> Answer:
        lines = [f"{method} {path} HTTP/1.1", "Host: acme.localhost", "Content-Length: 0", *headers]
        answer = await exchanged(self.url, "\r\n".join([*lines, "", ""]).encode())
        assert answer is not None
        return answer


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def house(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    declaration = copied_declaration(tmp_path_factory.mktemp("site"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("COLONNADE_OWNER_PASSWORD", OWNER_PASSWORD)
        async with (
            running_platform(declaration) as platform,
            httpx.AsyncClient(base_url=platform.url) as client,
        ):
            paths = (await client.get("/openapi.json")).json()["paths"]
            yield House(platform.url, await owners_token(platform.url, "acme"), paths)


def usual(answer: Answer, method: str) -> None:
    """What every answer says, once."""
    assert answer.all("x-content-type-options") == ["nosniff"]
    assert "Authorization, X-Tenant" in answer.all("vary")
    (kept,) = answer.all("cache-control")
    if method not in ("GET", "HEAD") or answer.status >= 400:
        assert kept == "no-store"
    else:
        assert "private" in kept or "no-store" in kept
    if answer.status == 405 or method == "OPTIONS":
        (allowed,) = answer.all("allow")
        methods = allowed.split(", ")
        assert len(methods) == len(set(methods))
        assert "OPTIONS" in methods
        assert ("HEAD" in methods) is ("GET" in methods)


async def test_every_route_says_the_usual_to_anybody(house: House) -> None:
    asked = 0
    for path in house.paths:
        filled = re.sub(r"\{\w+\}", NOBODYS_ID, path)
        for method in METHODS:
            answer = await house.asked(method, filled)
            usual(answer, method)
            assert answer.status < 500
            asked += 1
    assert asked > 500


async def test_every_reading_says_the_usual_to_who_signed_in(house: House) -> None:
    signed_in = f"Authorization: Bearer {house.token}"
    found = set()
    for path, operations in house.paths.items():
        if "get" in operations:
            filled = re.sub(r"\{\w+\}", NOBODYS_ID, path)
            for _ in range(2):  # the second may come from the row cache
                answer = await house.asked("GET", filled, signed_in)
                usual(answer, "GET")
                found.add(answer.status)
    assert {200, 404} <= found


async def test_allow_names_what_the_description_does(house: House) -> None:
    for path, operations in house.paths.items():
        filled = re.sub(r"\{\w+\}", NOBODYS_ID, path)
        (allowed,) = (await house.asked("OPTIONS", filled)).all("allow")
        described = {method.upper() for method in operations}
        assert described <= set(allowed.split(", ")), path


@pytest.mark.parametrize(
    "path", ["/livez", "/readyz", "/metrics", "/docs", "/openapi.json", "/docs/start.js"]
)
async def test_health_and_documents_can_be_read_and_nothing_else(house: House, path: str) -> None:
    for method in METHODS:
        answer = await house.asked(method, path)
        usual(answer, method)
        expected = {"GET": 200, "HEAD": 200, "OPTIONS": 204}.get(method, 405)
        assert answer.status == expected


@pytest.mark.parametrize(
    ("request_", "status"),
    [
        (b"GET /api/v1/nothing HTTP/1.1\r\nHost: acme.localhost\r\n\r\n", 404),
        (b"GET /nothing HTTP/1.1\r\nHost: acme.localhost\r\n\r\n", 404),
        (b"GET /api/v1/courses HTTP/1.1\r\nHost: nobody.localhost\r\n\r\n", 404),
        (b"GET /api/v1/courses HTTP/1.1\r\nHost: :abc\r\n\r\n", 400),
        (b"GET /api/v1/courses?limit=x HTTP/1.1\r\nHost: acme.localhost\r\n\r\n", 422),
        (b"GET /api/v1/courses HTTP/1.1\r\nHost: acme.localhost\r\nAuthorization: x\r\n\r\n", 401),
        (
            b"POST /api/v1/courses HTTP/1.1\r\nHost: acme.localhost\r\n"
            b"Transfer-Encoding: chunked\r\n\r\nZZ\r\n",
            400,
        ),
    ],
)
async def test_refusals_say_the_usual(house: House, request_: bytes, status: int) -> None:
    answer = await exchanged(house.url, request_)
    assert answer is not None
    assert answer.status == status
    usual(answer, request_.split()[0].decode())


async def test_options_of_the_server_itself(house: House) -> None:
    answer = await house.asked("OPTIONS", "*")
    assert (answer.status, answer.body) == (204, b"")
    usual(answer, "OPTIONS")


async def test_what_has_not_changed_says_the_usual(house: House) -> None:
    tag = (await house.asked("GET", "/openapi.json")).all("etag")[0]
    answer = await house.asked("GET", "/openapi.json", f"If-None-Match: {tag}")
    assert (answer.status, answer.all("etag")) == (304, [tag])
    usual(answer, "GET")


async def test_assets_of_the_page_may_be_kept(house: House) -> None:
    answer = await house.asked("GET", "/docs/swagger-ui.css")
    assert answer.all("cache-control") == ["public, max-age=86400"]
    assert answer.all("x-content-type-options") == ["nosniff"]
