"""Pages of other origins: those that are declared may use the API, and no other."""

from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
import pytest_asyncio
from mirror import mirror_plugin
from small_site import TENANT, make_site

from colonnade_runtime.testing.platform import RunningPlatform, running_platform

pytestmark = pytest.mark.asyncio(loop_scope="module")

APP, OWN, FOREIGN = "https://app.example", "https://learn.acme.example", "https://evil.example"
CORS = (
    f"services: {{mirror: }}\ngateway: {{cors: {{origins: ['{APP}', 'http://localhost:5173']}}}}\n"
)
OWN_DOMAIN = f"domains: [learn.acme.example]\ncors: {{origins: ['{OWN}']}}\n"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_site(tmp_path_factory.mktemp("site"), CORS, acme="", globex=OWN_DOMAIN)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def platform(site: Path) -> AsyncIterator[RunningPlatform]:
    async with running_platform(site, plugins=[mirror_plugin()]) as running:
        yield running


async def ask(
    platform: RunningPlatform,
    origin: str | None,
    tenant: str = "acme",
    method: str = "GET",
    path: str = "/mirror",
    **headers: str,
) -> httpx.Response:
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    if origin is not None:
        sent["Origin"] = origin
    async with platform.client(tenant) as client:
        return await client.request(method, path, headers=sent)


async def preflight(
    platform: RunningPlatform, origin: str, host: str | None = None
) -> httpx.Response:
    sent = {
        "Origin": origin,
        "Access-Control-Request-Method": "PATCH",
        "Access-Control-Request-Headers": "authorization,content-type,x-tenant",
    }
    if host is not None:
        sent["Host"] = host
    async with httpx.AsyncClient(base_url=platform.url) as client:
        return await client.options("/api/v1/mirror", headers=sent)


def varies(answer: httpx.Response) -> set[str]:
    return {name.strip() for name in answer.headers.get("vary", "").split(",")}


async def test_an_answer_names_the_origin_that_is_let_in(platform: RunningPlatform) -> None:
    answer = await ask(platform, APP)
    assert answer.status_code == 200
    assert answer.headers["access-control-allow-origin"] == APP
    assert "ETag" in answer.headers["access-control-expose-headers"]
    assert {"Origin", "Authorization", "X-Tenant"} <= varies(answer)
    assert "access-control-allow-credentials" not in answer.headers


@pytest.mark.parametrize(
    "origin",
    [
        FOREIGN,
        "null",
        "https://app.example.evil.example",
        "http://app.example",
        "https://APP.example",
    ],
)
async def test_another_origin_is_not_named(platform: RunningPlatform, origin: str) -> None:
    answer = await ask(platform, origin)
    assert answer.status_code == 200
    assert "access-control-allow-origin" not in answer.headers
    assert "Origin" in varies(answer)


async def test_what_is_kept_differs_by_origin_also_where_none_is_sent(
    platform: RunningPlatform,
) -> None:
    assert "Origin" in varies(await ask(platform, None))


async def test_a_page_may_read_why_it_was_refused(platform: RunningPlatform) -> None:
    for answer in (
        await ask(platform, APP, path="/nothing"),
        await ask(platform, APP, tenant="nobody"),
        await ask(platform, APP, Authorization="Bearer wrong"),
    ):
        assert answer.status_code >= 400
        assert answer.headers["access-control-allow-origin"] == APP


async def test_a_preflight_is_answered_before_anybody_has_signed_in(
    platform: RunningPlatform,
) -> None:
    answer = await preflight(platform, APP)
    assert (answer.status_code, answer.content) == (204, b"")
    assert answer.headers.get_list("access-control-allow-origin") == [APP]
    assert "PATCH" in answer.headers["access-control-allow-methods"]
    taken = answer.headers["access-control-allow-headers"].lower()
    assert all(name in taken for name in ("authorization", "content-type", "x-tenant", "if-match"))
    assert int(answer.headers["access-control-max-age"]) > 0
    assert "Origin" in varies(answer)


@pytest.mark.parametrize("host", [None, "acme.localhost"])
async def test_a_preflight_of_another_origin_lets_nothing_in(
    platform: RunningPlatform, host: str | None
) -> None:
    answer = await preflight(platform, FOREIGN, host)
    assert not [name for name in answer.headers if name.startswith("access-control-")]


async def test_an_academys_own_origins_take_the_place_of_the_platforms(
    platform: RunningPlatform,
) -> None:
    assert (await ask(platform, OWN, "globex")).headers["access-control-allow-origin"] == OWN
    assert "access-control-allow-origin" not in (await ask(platform, APP, "globex")).headers
    assert "access-control-allow-origin" not in (await ask(platform, OWN, "acme")).headers


async def test_the_host_decides_whose_origins_count(platform: RunningPlatform) -> None:
    own = await preflight(platform, OWN, "learn.acme.example")
    assert own.headers.get_list("access-control-allow-origin") == [OWN]
    other = await preflight(platform, OWN, "acme.localhost")
    assert "access-control-allow-origin" not in other.headers


async def test_a_reload_takes_origins_up(platform: RunningPlatform, site: Path) -> None:
    path = site.parent / "tenants" / "acme.yaml"
    path.write_text(TENANT.format(name="acme") + "cors: {origins: []}\n")
    assert await platform.runtime.reloader.reload()
    assert "access-control-allow-origin" not in (await ask(platform, APP)).headers
    path.write_text(TENANT.format(name="acme"))
    assert await platform.runtime.reloader.reload()
    assert (await ask(platform, APP)).headers["access-control-allow-origin"] == APP


async def test_without_a_declaration_nothing_is_said_of_origins(
    mirror: RunningPlatform,
) -> None:
    answer = await ask(mirror, APP)
    assert "access-control-allow-origin" not in answer.headers
    assert "Origin" not in varies(answer)
