"""Where requests come from, as an operation sees it: over real HTTP, directly and by proxies."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import httpx
import pytest
from gateway_house import SEAL, Echo, House
from mirror import mirror_plugin
from small_site import make_site

from colonnade_runtime.edge.forwarded.origin import Origin, TrustedProxies
from colonnade_runtime.testing.platform import running_platform

PLATFORM = """\
services: {mirror: }
gateway: {trusted_proxies: %s}
"""


async def looking(site: Path, trusted: str, path: str = "", **headers: str) -> httpx.Response:
    platform = make_site(site, PLATFORM % trusted)
    async with (
        running_platform(platform, plugins=[mirror_plugin()]) as running,
        httpx.AsyncClient(base_url=running.url) as client,
    ):
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return await client.get(f"/api/v1/mirror{path}", headers=named)


async def test_a_client_that_asks_itself_is_its_peer(tmp_path: Path) -> None:
    answer = await looking(tmp_path, "[]", x_tenant="acme", x_forwarded_for="203.0.113.7")
    assert answer.json() == {"tenant": "acme", "client": "127.0.0.1"}


async def test_a_trusted_proxy_says_who_asks_whom_and_how(tmp_path: Path) -> None:
    said = {"x_forwarded_for": "1.1.1.1, 203.0.113.7", "x_forwarded_host": "acme.localhost"}
    answer = await looking(tmp_path, "[127.0.0.0/8]", **said)
    assert answer.json() == {"tenant": "acme", "client": "203.0.113.7"}
    answer = await looking(
        tmp_path, "[127.0.0.0/8]", "/scheme", x_tenant="acme", forwarded="for=_a;proto=https"
    )
    assert answer.json() == {"scheme": "https"}


async def test_a_forwarded_host_may_not_contradict_the_host(tmp_path: Path) -> None:
    said = {"host": "globex.localhost", "x_forwarded_host": "acme.localhost"}
    answer = await looking(tmp_path, "[127.0.0.0/8]", **said)
    assert answer.status_code == 400
    answer = await looking(tmp_path, "[]", **said)
    assert answer.json()["tenant"] == "globex"


async def test_malformed_headers_are_no_error_and_nobodys_word(tmp_path: Path) -> None:
    said = {"forwarded": 'for="', "x_forwarded_for": "203.0.113.7", "x_forwarded_host": "a/b"}
    answer = await looking(tmp_path, "[127.0.0.0/8]", x_tenant="acme", **said)
    assert answer.json() == {"tenant": "acme", "client": "127.0.0.1"}


class Behind(Echo):
    """A process behind the gateway, that keeps where it believes requests come from."""

    def __init__(self) -> None:
        super().__init__()
        self.origin = Origin("")

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        await super().__call__(scope, receive, send)
        request_id = self.seen[b"x-request-id"].decode()
        self.origin = TrustedProxies(seal=SEAL).origin(scope, self.seen, request_id)


@pytest.fixture
async def house() -> AsyncIterator[House]:
    async with AsyncExitStack() as stack:
        yield House(stack)


FORGED = {
    "forwarded": "for=203.0.113.7;proto=https",
    "x-forwarded-for": "203.0.113.7",
    "x-forwarded-host": "evil.example",
    "x-forwarded-proto": "https",
}


async def test_the_front_lets_nothing_through_that_a_stranger_says(house: House) -> None:
    behind = Behind()
    client = await house.open_gateway(await house.process(behind))
    await client.get("/", headers=FORGED)
    assert behind.origin == Origin("127.0.0.1")
    assert not [name for name in behind.seen if name.startswith(b"x-forwarded")]


async def test_the_front_hands_on_what_a_trusted_proxy_says(house: House) -> None:
    behind = Behind()
    client = await house.open_gateway(await house.process(behind), trusted=("127.0.0.1/32",))
    await client.get("/", headers=FORGED)
    assert behind.origin == Origin("203.0.113.7", "https")


async def test_a_process_behind_believes_nobody_who_reaches_it_past_the_front(
    house: House,
) -> None:
    behind = Behind()
    place = await house.process(behind)
    async with httpx.AsyncClient() as stranger:
        await stranger.get(place.url, headers={**FORGED, "x-request-id": "a-request"})
    assert behind.origin == Origin("127.0.0.1")
