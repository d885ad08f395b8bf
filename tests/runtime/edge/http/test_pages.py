"""Pages of plugins: HTML on the academy's host, decided on by its policy."""

import asyncio
import base64
import hashlib
import re
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
import pytest_asyncio

from colonnade_runtime.assembly.declared import read_declaration
from colonnade_runtime.cli.plan import plan_of, plan_text
from colonnade_runtime.gateway.routing import Route, route_table, routes_of
from colonnade_runtime.plugins.plugin import PluginError
from colonnade_runtime.testing.platform import running_platform

pytestmark = pytest.mark.asyncio(loop_scope="module")
BROWSER = {"Accept": "text/html,application/xhtml+xml", "Host": "acme.localhost"}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def client(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[httpx.AsyncClient]:
    from board import board_plugin
    from small_site import make_site

    site = make_site(tmp_path_factory.mktemp("site"), "services: {board: }\n")
    async with (
        running_platform(site, plugins=[board_plugin()]) as running,
        httpx.AsyncClient(base_url=running.url, headers=BROWSER) as http,
    ):
        yield http


async def test_a_page_is_made_of_what_the_operation_answers(client: httpx.AsyncClient) -> None:
    shown = await client.get("/notices/7", params={"colour": "teal"})
    assert shown.status_code == 200
    assert shown.headers["content-type"] == "text/html; charset=utf-8"
    assert "<title>A &lt;notice&gt;</title>" in shown.text
    assert "<h1>The acme academy</h1>" in shown.text
    assert "&lt;script&gt;7&lt;/script&gt;" in shown.text
    assert "h1{color:teal}" in shown.text


async def test_the_host_says_whose_page_it_is(client: httpx.AsyncClient) -> None:
    other = await client.get("/notices/7", headers={"Host": "globex.localhost"})
    assert "The globex academy" in other.text
    nobody = await client.get("/notices/7", headers={"Host": "nobody.localhost"})
    assert nobody.status_code == 404


async def test_a_page_runs_nothing_and_is_framed_by_nobody(client: httpx.AsyncClient) -> None:
    shown = await client.get("/notices/7")
    policy = dict(
        part.strip().split(" ", 1) for part in shown.headers["content-security-policy"].split(";")
    )
    assert policy["default-src"] == policy["frame-ancestors"] == policy["base-uri"] == "'none'"
    assert "script-src" not in policy
    [sheet] = re.findall(r"<style>(.*)</style>", shown.text)
    digest = base64.b64encode(hashlib.sha256(sheet.encode()).digest()).decode()
    assert policy["style-src"] == f"'sha256-{digest}'"
    assert shown.headers["referrer-policy"] == "no-referrer"
    assert shown.headers["x-content-type-options"] == "nosniff"
    assert shown.headers["cache-control"] == "private, no-cache"


async def test_a_value_in_the_sheet_cannot_end_it(client: httpx.AsyncClient) -> None:
    shown = await client.get("/notices/7", params={"colour": "red}</style><img src=x>"})
    assert shown.text.count("</style>") == 1


async def test_the_policy_decides_on_strangers(client: httpx.AsyncClient) -> None:
    refused = await client.get("/notices/7/audit")
    assert refused.status_code == 401
    assert "by nobody" not in refused.text


async def test_a_refusal_is_a_page_for_people_and_a_problem_for_programs(
    client: httpx.AsyncClient,
) -> None:
    person = await client.get("/notices/0")
    assert (person.status_code, person.headers["content-type"]) == (404, "text/html; charset=utf-8")
    assert "There is no notice &lt;b&gt;0&lt;/b&gt;." in person.text
    assert "default-src 'none'" in person.headers["content-security-policy"]
    assert person.headers["cache-control"] == "no-store"
    program = await client.get("/notices/0", headers={"Accept": "application/json"})
    assert program.headers["content-type"] == "application/problem+json"
    assert program.json()["code"] == "not_found"
    later = await client.get("/notices/429")
    assert (later.status_code, later.headers["retry-after"]) == (429, "7")
    assert (await client.get("/notices/no-number")).status_code in (404, 422)


async def test_a_page_may_be_a_file(client: httpx.AsyncClient) -> None:
    printed = await client.get("/notices/7/pdf")
    assert (printed.content, printed.headers["content-type"]) == (b"%PDF-", "application/pdf")
    assert printed.headers["content-disposition"] == "inline"


async def test_pages_take_head_and_nothing_that_changes(client: httpx.AsyncClient) -> None:
    head = await client.head("/notices/7")
    assert (head.status_code, head.content) == (200, b"")
    assert (await client.post("/notices/7")).status_code == 405


async def test_routes_and_pages_of_one_name_do_not_meet(client: httpx.AsyncClient) -> None:
    assert (await client.get("/api/v1/notices/7")).json()["academy"] == "The acme academy"
    paths = (await client.get("/openapi.json")).json()["paths"]
    assert set(paths) == {"/api/v1/notices/{number}"}


async def test_the_gateway_and_the_plan_know_them(tmp_path: Path) -> None:
    from board import board_plugin
    from small_site import make_site

    site = make_site(tmp_path, "services: {board: }\n")
    declared = read_declaration(site, extra=[board_plugin()])
    table = route_table(routes_of(declared.plugins))
    assert table.find("/notices/7/pdf") == Route("board", "/notices/{number}/pdf")
    assert table.find("/api/v1/notices/7") == Route("board", "/api/v1/notices/{number}")
    assert table.find("/notices") is None
    told = plan_text(await asyncio.to_thread(plan_of, declared.loaded, declared.plugins))
    assert "  page GET /notices/{number} → ReadNotice" in told
    assert "  route GET /api/v1/notices/{number} → ReadNotice" in told


@pytest.mark.parametrize(
    ("path", "says"),
    [
        ("/", "has a page at '/', which the platform itself answers"),
        ("/api/v1/x", "has a page at '/api', which the platform itself answers"),
        ("/metrics", "has a page at '/metrics'"),
        ("/{number:int}", "whose path begins with the parameter '{number:int}'"),
    ],
)
async def test_a_page_that_would_hide_others_is_refused(
    tmp_path: Path, path: str, says: str
) -> None:
    from board import ReadNotice, board_plugin, notice_page, page
    from small_site import make_site

    site = make_site(tmp_path, "services: {board: }\n")
    plugin = board_plugin(page(path, ReadNotice, notice_page))
    with pytest.raises(PluginError, match=re.escape(says)):
        read_declaration(site, extra=[plugin])


async def test_two_plugins_have_no_pages_below_one_segment(tmp_path: Path) -> None:
    from board import board_plugin
    from small_site import make_site

    site = make_site(tmp_path, "services: {board: , wall: }\n")
    with pytest.raises(PluginError, match="both have pages below '/notices'"):
        read_declaration(site, extra=[board_plugin(), board_plugin(name="wall")])
