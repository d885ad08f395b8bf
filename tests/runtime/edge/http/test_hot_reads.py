"""Reads that skip the router: the same bytes as through it, and the same refusals."""

import asyncio
import re
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

import pytest
import pytest_asyncio

import colonnade_course.plugin
import colonnade_user.plugin
from colonnade_runtime.edge.http.hot_reads import HotReads
from colonnade_runtime.testing.platform import RunningPlatform, running_platform
from tests.demo_policies import policy_of

ROOT = Path(__file__).parents[4]
PLATFORM = """\
version: 1
environment: development
services:
  user:
  course:
  content:
"""
pytestmark = pytest.mark.asyncio(loop_scope="module")

PASSWORD = "a password for the owner"
REQUEST_ID = "request-0001"


@dataclass
class House:
    """A platform with one published course and one draft. Of the answers that the router did not
    make, `hot` counts those from the cache and `direct` the others."""

    platform: RunningPlatform
    owner: str
    learner: str
    published: str
    draft: str
    routed: bool = False
    hot: int = 0
    direct: int = 0

    async def raw(self, path: str, token: str | None = None, **more: Any) -> bytes:
        """Everything the server sends for one request, as bytes."""
        headers = {
            "Host": "acme.localhost",
            "X-Request-Id": REQUEST_ID,
            "Connection": "close",
            **more.get("headers", {}),
        }
        if token is not None:
            headers.setdefault("Authorization", f"Bearer {token}")
        lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        request = f"{more.get('method', 'GET')} /api/v1{path} HTTP/1.1\r\n{lines}\r\n"
        url = urlsplit(self.platform.url)
        reader, writer = await asyncio.open_connection(url.hostname, url.port)
        writer.write(request.encode())
        async with asyncio.timeout(10):
            answer = await reader.read()
        writer.close()
        return re.sub(rb"\r\ndate: [^\r]*", b"", answer, flags=re.IGNORECASE)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def platform(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[RunningPlatform]:
    folder = tmp_path_factory.mktemp("site")
    shutil.copytree(ROOT / "tenants", folder / "tenants")
    (folder / "policies").mkdir()
    shutil.copy(ROOT / "policies" / "colonnade.rego", folder / "policies")
    (folder / "policies" / "course.rego").write_text(policy_of("course"))
    (folder / "platform.yaml").write_text(PLATFORM)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("COLONNADE_OWNER_PASSWORD", PASSWORD)
        async with running_platform(
            folder / "platform.yaml",
            settings=["tenants.watch=false"],
            plugins=[colonnade_user.plugin, colonnade_course.plugin],
        ) as running:
            yield running


@pytest_asyncio.fixture(loop_scope="module")
async def house(platform: RunningPlatform, monkeypatch: pytest.MonkeyPatch) -> House:
    made = await furnished(platform)
    answer = HotReads.answer

    def spied(self: HotReads, *arguments: Any) -> Any:
        found = None if made.routed else answer(self, *arguments)
        made.hot += found is not None
        return found

    read = HotReads.read

    async def spied_read(self: HotReads, *arguments: Any) -> Any:
        found = None if made.routed else await read(self, *arguments)
        made.direct += found is not None
        return found

    monkeypatch.setattr(HotReads, "answer", spied)
    monkeypatch.setattr(HotReads, "read", spied_read)
    return made


async def furnished(platform: RunningPlatform) -> House:
    mark = uuid4().hex
    async with platform.client("acme") as client:
        learner = {"email": f"{mark}@example.org", "password": "correct horse 1", "name": "Ada"}
        (await client.post("/auth/register", json=learner)).raise_for_status()
        tokens = []
        for email, password in (
            ("owner@acme.example", PASSWORD),
            (learner["email"], learner["password"]),
        ):
            answer = await client.post("/auth/login", json={"email": email, "password": password})
            tokens.append(answer.raise_for_status().json()["access_token"])
    async with platform.client("acme", tokens[0]) as client:
        ids = []
        for slug in (f"python-{mark}", f"draft-{mark}"):
            made = await client.post("/courses", json={"title": slug, "slug": slug})
            ids.append(made.raise_for_status().json()["id"])
        (await client.post(f"/courses/{ids[0]}/publish")).raise_for_status()
    return House(platform, tokens[0], tokens[1], ids[0], ids[1])


@asynccontextmanager
async def declared_otherwise(house: House, name: str, old: str, new: str) -> AsyncIterator[None]:
    """A file of the declaration says something else for the block."""
    runtime = house.platform.runtime
    file = runtime.declared.path.parent / name
    text = file.read_text()
    assert old in text
    file.write_text(text.replace(old, new))
    try:
        assert await runtime.reloader.reload()
        yield
    finally:
        file.write_text(text)
        assert await runtime.reloader.reload()


def variants(house: House) -> list[tuple[str, dict[str, Any]]]:
    course = f"/courses/{house.published}"
    asked: list[tuple[str, dict[str, Any]]] = []
    for token in (None, house.owner, house.learner, "forged", house.owner[:-4] + "AAAA"):
        paths = (
            course,
            f"/courses/{house.draft}",
            course.upper().replace("/COURSES", "/courses"),
            course + "/",
            course + "?",
            course + "?unknown=1",
            course + "?course_id=1",
            "/courses/not-an-id",
            "/courses/00000000-0000-7000-8000-000000000000",
            "/courses?limit=1",
            "/courses?limit=1&status=published",
            "/courses?sort=title&limit=1&sort=title",
            "/courses?status=draft",
            f"/courses/{house.draft}/outline",
            f"/courses/{house.published}/instructors?limit=1",
            f"/sections?course_id={house.published}",
            f"/sections?course_id={house.draft}&external_id=%C3%BC%20%26",
            "/users/me",
            "/notifications",
        )
        asked.extend((path, {"token": token}) for path in paths)
    special = (
        {"Host": "nowhere.localhost"},
        {"X-Tenant": "globex"},
        {"Host": "globex.localhost"},
        {"Host": "127.0.0.1"},
        {"Host": "127.0.0.1", "X-Tenant": "acme"},
        {"Accept": "text/html"},
        {"Accept-Language": "de"},
        {"Accept-Encoding": "gzip, br"},
        {"If-Match": '"9"'},
        {"If-None-Match": '"2"'},
        {"If-None-Match": '"1"'},
        {"If-None-Match": "*"},
        {"Range": "bytes=0-3"},
        {"Authorization": "Basic b3duZXI6cGFzc3dvcmQ="},
        {"Authorization": "Bearer"},
        {"traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"},
        {"Content-Length": "0"},
    )
    asked.extend((course, {"headers": headers}) for headers in special)
    for coding in ("br", "gzip", "gzip;q=0.5, *;q=0.1", "identity", "br;q=0"):
        page = f"/courses?limit=100&sort=title&q={house.published[:2]}"
        asked.append((page, {"headers": {"Accept-Encoding": coding}}))
        asked.append(("/courses?limit=100", {"headers": {"Accept-Encoding": coding}}))
    methods = ("HEAD", "OPTIONS", "DELETE", "PUT")
    asked.extend((course, {"method": method}) for method in methods)
    return asked


async def test_the_router_and_the_cache_answer_with_the_same_bytes(house: House) -> None:
    asked = variants(house)
    for path, options in asked:
        await house.raw(path, **options)
    fast = [await house.raw(path, **options) for path, options in asked]
    assert house.hot > 20
    assert house.direct > 20
    house.routed = True
    slow = [await house.raw(path, **options) for path, options in asked]
    for (path, options), quick, routed in zip(asked, fast, slow, strict=True):
        assert quick == routed, (path, options)


async def test_a_hot_answer_has_everything_that_a_routed_one_has(house: House) -> None:
    first = await house.raw(f"/courses/{house.published}", house.learner)
    second = await house.raw(f"/courses/{house.published}", house.learner)
    assert house.hot == 1
    assert first == second
    head, _, body = second.partition(b"\r\n\r\n")
    lines = head.lower().split(b"\r\n")
    assert lines[0] == b"http/1.1 200 ok"
    assert b'etag: "2"' in lines
    assert b"content-type: application/json" in lines
    assert b"x-request-id: " + REQUEST_ID.encode() in lines
    assert b"content-length: %d" % len(body) in lines


@pytest.mark.parametrize(
    ("header", "status"),
    [('"2"', 304), ('W/"2"', 304), ('"1", "2"', 304), ("*", 304), ('"1"', 200), ("2", 200)],
)
async def test_a_client_that_has_this_version_is_not_sent_it_again(
    house: House, header: str, status: int
) -> None:
    path = f"/courses/{house.published}"
    await house.raw(path)
    answer = await house.raw(path, headers={"If-None-Match": header})
    head, _, body = answer.partition(b"\r\n\r\n")
    assert b" %d " % status in head[:20]
    assert b'etag: "2"' in head.lower().split(b"\r\n")
    assert bool(body) is (status == 200)


async def test_hot_answers_are_counted_like_others(house: House) -> None:
    def counted() -> float:
        registry = house.platform.runtime.edge.health.registry
        labels = {"method": "GET", "route": "/api/v1/courses/{course_id}", "status": "200"}
        return registry.get_sample_value("colonnade_http_requests_total", labels) or 0.0

    before = counted()
    for _ in range(3):
        await house.raw(f"/courses/{house.published}")
    assert house.hot == 2
    assert counted() == before + 3


async def test_a_change_shows_in_the_next_read(house: House) -> None:
    path = f"/courses/{house.published}"
    for _ in range(2):
        await house.raw(path, house.learner)
    async with house.platform.client("acme", house.owner) as client:
        (await client.patch(path, json={"title": "Renamed"})).raise_for_status()
    assert b'"title":"Renamed"' in await house.raw(path, house.learner)
    async with house.platform.client("acme", house.owner) as client:
        (await client.post(f"{path}/unpublish")).raise_for_status()
    assert b" 404 " in await house.raw(path, house.learner)
    assert b" 200 " in await house.raw(path, house.owner)


async def until(wanted: bytes, house: House, token: str) -> float:
    """Seconds until a hot read answers with `wanted`, at most two."""
    loop = asyncio.get_running_loop()
    started = loop.time()
    while loop.time() - started < 2:
        if wanted in (await house.raw(f"/courses/{house.draft}", token))[:20]:
            return loop.time() - started
    pytest.fail(f"no answer with {wanted!r} within two seconds")


async def test_logout_ends_hot_reads_within_a_second(house: House) -> None:
    assert b" 200 " in await house.raw(f"/courses/{house.draft}", house.owner)
    async with house.platform.client("acme", house.owner) as client:
        (await client.post("/auth/logout", json={})).raise_for_status()
    assert await until(b" 401 ", house, house.owner) < 1


async def test_another_role_counts_within_a_second(house: House) -> None:
    async with house.platform.client("acme", house.learner) as client:
        me = (await client.get("/users/me")).json()["id"]
    assert b" 404 " in await house.raw(f"/courses/{house.draft}", house.learner)
    async with house.platform.client("acme", house.owner) as client:
        (await client.patch(f"/users/{me}", json={"role": "admin"})).raise_for_status()
    assert await until(b" 200 ", house, house.learner) < 1
    async with house.platform.client("acme", house.owner) as client:
        (await client.patch(f"/users/{me}", json={"role": "learner"})).raise_for_status()
    assert await until(b" 404 ", house, house.learner) < 1


async def test_a_suspended_academy_answers_nothing_at_once(house: House) -> None:
    path = f"/courses/{house.published}"
    for _ in range(2):
        assert b" 200 " in await house.raw(path)
    suspended = ("tenants/acme.yaml", "status: active", "status: suspended")
    async with declared_otherwise(house, *suspended):
        assert b" 403 " in await house.raw(path)
        assert b" 403 " in await house.raw(path, house.owner)
    assert b" 200 " in await house.raw(path)


async def test_another_policy_is_asked_at_once(house: House) -> None:
    path = f"/courses/{house.published}"
    for _ in range(2):
        assert b" 200 " in await house.raw(path, house.learner)
    nothing = ("policies/course.rego", '"value": "published"}]', '"value": "nothing"}]')
    async with declared_otherwise(house, *nothing):
        assert b" 404 " in await house.raw(path, house.learner)
        assert b" 200 " in await house.raw(path, house.owner)
    assert b" 200 " in await house.raw(path, house.learner)


async def test_a_page_is_another_one_as_soon_as_a_row_of_it_changes(house: House) -> None:
    """Pages are kept from the second asking, for those for whom the policy decides alike."""
    path = "/courses?limit=100&status=published"
    for _ in range(3):
        await house.raw(path, house.learner)
    assert house.hot == 1
    async with house.platform.client("acme", house.owner) as client:
        (await client.post(f"/courses/{house.draft}/publish")).raise_for_status()
    assert house.draft.encode() in await house.raw(path, house.learner)
    async with house.platform.client("acme", house.owner) as client:
        (await client.post(f"/courses/{house.draft}/unpublish")).raise_for_status()
    for _ in range(3):
        assert house.draft.encode() not in await house.raw(path, house.learner)
        assert house.draft.encode() not in await house.raw("/courses?limit=100", house.learner)
        assert house.draft.encode() in await house.raw("/courses?limit=100", house.owner)


async def test_a_page_of_one_academy_is_never_anothers(house: House) -> None:
    path = "/courses?limit=100"
    for _ in range(3):
        assert house.published.encode() in await house.raw(path)
    for _ in range(3):
        answer = await house.raw(path, headers={"Host": "globex.localhost"})
        assert b" 200 " in answer[:20]
        assert house.published.encode() not in answer
    assert house.hot > 1


async def test_a_known_address_is_refused_as_the_router_refuses(house: House) -> None:
    """Who may see it today may not tomorrow; the words are the same on either way."""
    path = f"/courses/{house.draft}/outline"
    assert b" 200 " in (await house.raw(path, house.owner))[:20]
    direct = await house.raw(path, house.learner)
    assert b" 404 " in direct[:20]
    house.routed = True
    assert await house.raw(path, house.learner) == direct


async def test_a_kept_page_is_compressed_once_for_each_coding(house: House) -> None:
    async with house.platform.client("acme", house.owner) as client:
        told = {"title": "Long", "slug": f"long-{uuid4().hex}", "summary": "Words. " * 300}
        (await client.post("/courses", json=told)).raise_for_status()
    path = "/courses?limit=99"
    for _ in range(2):
        await house.raw(path, house.owner)
    for coding in ("br", "gzip"):
        headers = {"Accept-Encoding": coding}
        first = await house.raw(path, house.owner, headers=headers)
        before = house.hot
        second = await house.raw(path, house.owner, headers=headers)
        assert house.hot == before + 1
        assert first == second
        lines = second.partition(b"\r\n\r\n")[0].lower().split(b"\r\n")
        assert b"content-encoding: " + coding.encode() in lines
        assert b"vary: accept-encoding" in lines
    plain = await house.raw(path, house.owner)
    assert b"content-encoding" not in plain.partition(b"\r\n\r\n")[0].lower()
    assert b"vary: accept-encoding" in plain.lower()
