"""Bad input over HTTP: a problem document that says what and where, and no trace of it.

Every test ends with a look at all that is kept: rows by way of the API, bytes on the disk.
"""

import asyncio
import base64
import json
import socket
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
import pytest_asyncio

from colonnade.clock import SystemClock
from colonnade_runtime.testing.platform import RunningPlatform, running_platform
from tests.journeys.support.academy import OWNER_PASSWORD, copied_declaration, owner, owners_token

pytestmark = [pytest.mark.journey, pytest.mark.asyncio(loop_scope="module")]

MEGABYTE = 1024 * 1024
NOTHING = "0190a000-0000-7000-8000-000000000000"
SETTINGS = [
    "services.content.config.maximum_file_size=1MiB",
    *(f"services.{name}.enabled=false" for name in ("payment", "notification", "analytics")),
]
LISTS = ("courses", "sections", "lessons", "enrollments", "files", "media", "content", "users")


@dataclass
class House:
    """A platform with one course in acme, and its owner."""

    platform: RunningPlatform
    folder: Path
    owner: httpx.AsyncClient
    course: str
    section: str

    async def kept(self) -> dict[str, Any]:
        """Everything in the academy, and every file with bytes."""
        found: dict[str, Any] = {}
        for name in LISTS:
            of_course = f"&course_id={self.course}" if name == "sections" else ""
            answer = await self.owner.get(f"/{name}?limit=100{of_course}")
            assert answer.status_code == 200, answer.text
            found[name] = answer.json()["items"]
        blobs = self.folder / "var" / "blobs"
        found["blobs"] = sorted(str(path) for path in blobs.rglob("*") if path.is_file())
        return found

    async def upload(self, content: bytes, name: str = "notes.txt") -> httpx.Response:
        return await self.owner.post("/files", files={"file": (name, content, "text/plain")})


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def house(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    folder = tmp_path_factory.mktemp("site")
    declaration = copied_declaration(folder)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("COLONNADE_OWNER_PASSWORD", OWNER_PASSWORD)
        async with running_platform(declaration, settings=SETTINGS) as platform:
            staff = await owner(platform.url, "acme")
            body: dict[str, Any] = {"title": "Python", "slug": "python"}
            course = (await staff.post("/courses", json=body)).json()["id"]
            body = {"course_id": course, "title": "All"}
            section = (await staff.post("/sections", json=body)).json()["id"]
            yield House(platform, folder, staff, course, section)


@pytest_asyncio.fixture(loop_scope="module", autouse=True)
async def nothing_is_left(house: House) -> AsyncIterator[None]:
    """Whatever a test sends, what is kept is what was kept before."""
    before = await house.kept()
    yield
    assert await house.kept() == before


def problem(answer: httpx.Response, status: int) -> Any:
    """The problem document of an answer."""
    assert answer.status_code == status, (answer.status_code, answer.text[:500])
    assert answer.headers["content-type"] == "application/problem+json"
    found = answer.json()
    assert found["status"] == status
    assert found["type"].startswith("urn:colonnade:error:")
    assert found["detail"]
    return found


def pointers(answer: httpx.Response, status: int = 422) -> list[str]:
    return sorted(item["pointer"] for item in problem(answer, status)["errors"])


ROUTES = (
    "/courses",
    "/sections",
    "/lessons",
    "/content",
    "/media",
    "/enrollments",
    "/auth/register",
)
NO_JSON = [
    b'{"title": ',
    b"[]",
    b'"text"',
    b"\xff\xfe{}",
    b'{"title": NaN}',
    b"[" * 20_000,
    b'{"a":' * 20_000,
    b"\x00",
]


@pytest.mark.parametrize("path", ROUTES)
async def test_a_body_that_is_no_json_object_cannot_be_read(house: House, path: str) -> None:
    for content in NO_JSON:
        headers = {"Content-Type": "application/json"}
        answer = await house.owner.post(path, content=content, headers=headers)
        assert pointers(answer, 400) == [""], content[:20]


@pytest.mark.parametrize("path", ROUTES)
async def test_a_body_of_ten_megabytes_is_refused(house: House, path: str) -> None:
    content = b'{"title": "' + b"x" * (10 * MEGABYTE) + b'"}'
    headers = {"Content-Type": "application/json"}
    problem(await house.owner.post(path, content=content, headers=headers), 413)


LONG = "k" * 100_000


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/courses", {"title": "Rust", "slug": LONG}),
        ("/courses", {"title": "Rust", "slug": "rust", LONG: 1}),
        ("/courses", {"title": "Rust", "slug": "rust", "price": {LONG: 1}}),
        ("/content", {"kind": LONG, "title": "Rust"}),
        ("/auth/register", {"email": LONG + "@example.org", "password": LONG, "name": LONG}),
        ("/auth/login", {"email": LONG, "password": LONG}),
        ("/enrollments", {"course_id": LONG}),
    ],
)
async def test_an_answer_does_not_repeat_what_was_sent(
    house: House, path: str, body: dict[str, Any]
) -> None:
    answer = await house.owner.post(path, json=body)
    assert 400 <= answer.status_code < 500
    assert len(answer.content) < 3000


@pytest.mark.parametrize("path", [f"/{LONG[:5000]}", f"/courses?{LONG[:5000]}=1"])
async def test_nor_its_address(house: House, path: str) -> None:
    answer = await house.owner.get(path)
    assert 400 <= answer.status_code < 500
    assert len(answer.content) < 1500


COURSE = {"title": "Rust", "slug": "rust"}
FIELDS: list[tuple[str, dict[str, Any], list[str]]] = [
    ("/courses", {}, ["/slug", "/title"]),
    ("/courses", {**COURSE, "title": 1}, ["/title"]),
    ("/courses", {**COURSE, "title": "x" * 201}, ["/title"]),
    ("/courses", {**COURSE, "title": " "}, ["/title"]),
    ("/courses", {**COURSE, "title": "a\x00b"}, ["/title"]),
    ("/courses", {**COURSE, "summary": "x" * 5001}, ["/summary"]),
    ("/courses", {**COURSE, "summary": ["x"]}, ["/summary"]),
    ("/courses", {**COURSE, "seats": 0}, ["/seats"]),
    ("/courses", {**COURSE, "seats": True}, ["/seats"]),
    ("/courses", {**COURSE, "seats": "10"}, ["/seats"]),
    ("/courses", {**COURSE, "colour": "red"}, ["/colour"]),
    ("/courses", {**COURSE, "a/b~c": 1}, ["/a~1b~0c"]),
    ("/courses", {**COURSE, "slug": "../etc"}, ["/slug"]),
    ("/courses", {**COURSE, "price": 5}, ["/price"]),
    ("/courses", {**COURSE, "price": {"amount": -1, "currency": "EUR"}}, ["/price/amount"]),
    ("/courses", {**COURSE, "price": {"amount": 1.5, "currency": "EUR"}}, ["/price/amount"]),
    ("/courses", {**COURSE, "price": {"amount": "100", "currency": "EUR"}}, ["/price/amount"]),
    ("/courses", {**COURSE, "price": {"amount": 10**30, "currency": "EUR"}}, ["/price/amount"]),
    ("/courses", {**COURSE, "price": {"amount": 1, "currency": "XXQ"}}, ["/price/currency"]),
    ("/courses", {**COURSE, "price": {"amount": 1, "currency": "eur"}}, ["/price/currency"]),
    ("/courses", {**COURSE, "price": {"amount": 1, "currency": "USD"}}, ["/price/currency"]),
    ("/courses", {**COURSE, "price": {"amount": 1}}, ["/price/currency"]),
    ("/sections", {"course_id": "1", "title": "x"}, ["/course_id"]),
    ("/sections", {"course_id": NOTHING, "title": "x", "position": -1}, ["/position"]),
    ("/lessons", {"section_id": NOTHING, "title": "x", "completion": "maybe"}, ["/completion"]),
    ("/lessons", {"section_id": NOTHING, "title": "x", "preview": "yes"}, ["/preview"]),
    ("/content", {"kind": "poem", "title": "x"}, ["/kind"]),
    ("/content", {"kind": "markdown", "title": "x"}, ["/body"]),
    ("/content", {"kind": "markdown", "title": "x", "body": "y" * 200_001}, ["/body"]),
    ("/content", {"kind": "link", "title": "x", "url": "javascript:alert(1)"}, ["/url"]),
    ("/content", {"kind": "file", "title": "x", "file_id": NOTHING}, ["/file_id"]),
    ("/media", {"file_id": NOTHING}, ["/file_id"]),
    ("/media", {"file_id": 7, "more": 1}, ["/file_id", "/more"]),
    ("/enrollments", {"course_id": None}, ["/course_id"]),
    ("/auth/register", {"email": "x", "password": "long enough it is", "name": "A"}, ["/email"]),
    ("/auth/register", {"email": "a@b.example", "password": "x", "name": "A"}, ["/password"]),
    (
        "/auth/register",
        {"email": "a@b.example", "password": "long enough it is", "name": "A", "role": "owner"},
        ["/role"],
    ),
]


@pytest.mark.parametrize(("path", "body", "wrong"), FIELDS)
async def test_a_wrong_field_is_pointed_at(
    house: House, path: str, body: dict[str, Any], wrong: list[str]
) -> None:
    assert pointers(await house.owner.post(path, json=body)) == wrong


async def test_half_a_character_is_no_text(house: House) -> None:
    headers = {"Content-Type": "application/json"}
    content = b'{"title": "\\ud800", "slug": "half"}'
    answer = await house.owner.post("/courses", content=content, headers=headers)
    assert answer.status_code in (400, 422), answer.text
    assert answer.json()["errors"]


@pytest.mark.parametrize("path", LISTS)
@pytest.mark.parametrize(
    "cursor", ["x", "W10", "%00", "W251bGwsbnVsbF0", "A" * 3000, "8J+YgA", "%F0%9F%98%80"]
)
async def test_a_cursor_that_was_not_given_out_is_refused(
    house: House, path: str, cursor: str
) -> None:
    of_course = f"&course_id={house.course}" if path == "sections" else ""
    answer = await house.owner.get(f"/{path}?cursor={cursor}{of_course}")
    assert pointers(answer, 400) == ["?cursor"]


@pytest.mark.parametrize("path", LISTS)
@pytest.mark.parametrize("limit", ["0", "101", "-1", "1.5", "x", "9" * 5000])
async def test_a_limit_that_is_none_is_refused(house: House, path: str, limit: str) -> None:
    of_course = f"&course_id={house.course}" if path == "sections" else ""
    answer = await house.owner.get(f"/{path}?limit={limit}{of_course}")
    assert pointers(answer) == ["?limit"]


@pytest.mark.parametrize(
    ("sent", "cleaned"),
    [
        ("../../../etc/passwd", "passwd"),
        ("..\\..\\windows\\system.ini", "system.ini"),
        ("/etc/passwd", "passwd"),
        ("C:\\notes.txt", "notes.txt"),
        ("notes.txt/..", None),
        ("..", None),
    ],
)
async def test_a_path_in_a_file_name_leads_nowhere(
    house: House, sent: str, cleaned: str | None
) -> None:
    before = {path for path in house.folder.rglob("*") if "blobs" not in path.parts}
    answer = await house.upload(b"harmless", sent)
    assert answer.status_code == 201, answer.text
    name = answer.json()["name"]
    assert cleaned in (None, name)
    assert not {"/", "\\"} & set(name)
    assert name.strip(".")
    outside = {path for path in house.folder.rglob("*") if "blobs" not in path.parts}
    assert {path for path in outside - before if "data" not in path.parts} == set()
    await remove(house, answer.json()["id"])


async def remove(house: House, identifier: str) -> None:
    assert (await house.owner.delete(f"/files/{identifier}")).status_code == 204
    async with asyncio.timeout(20):
        while list((house.folder / "var" / "blobs").rglob(f"*{identifier}*")):
            await asyncio.sleep(0.01)


async def test_a_file_of_no_bytes_is_kept_as_one(house: House) -> None:
    answer = await house.upload(b"")
    assert answer.status_code == 201, answer.text
    made = answer.json()
    assert made["size"] == 0
    content = await house.owner.get(f"/files/{made['id']}/content")
    assert (content.status_code, content.content) == (200, b"")
    ranged = await house.owner.get(f"/files/{made['id']}/content", headers={"Range": "bytes=0-0"})
    problem(ranged, 416)
    assert ranged.headers["content-range"] == "bytes */0"
    changed = await house.owner.get(f"/files/{made['id']}/content", headers={"If-Match": '"x"'})
    problem(changed, 412)
    known = {"If-None-Match": content.headers["etag"]}
    same = await house.owner.get(f"/files/{made['id']}/content", headers=known)
    assert (same.status_code, same.content) == (304, b"")
    await remove(house, made["id"])


async def test_an_oversize_file_is_refused(house: House) -> None:
    problem(await house.upload(b"x" * (MEGABYTE + 1)), 413)


async def test_a_lie_about_a_type_is_refused(house: House) -> None:
    file = {"file": ("cat.png", b"<script>alert(1)</script>", "image/png")}
    found = problem(await house.owner.post("/files", files=file), 415)
    assert found["code"] == "content.file_type_mismatch"


async def test_an_upload_without_its_file_is_refused(house: House) -> None:
    answer = await house.owner.post("/files", files={"other": ("x.txt", b"x", "text/plain")})
    assert pointers(answer) == ["/file"]
    problem(await house.owner.post("/files", json={"file": "x"}), 415)


async def test_an_aborted_upload_leaves_nothing(house: House) -> None:
    port = int(house.platform.url.rpartition(":")[2])
    head = (
        "POST /api/v1/files HTTP/1.1\r\nHost: acme.localhost\r\n"
        f"Authorization: {house.owner.headers['Authorization']}\r\n"
        "Content-Type: multipart/form-data; boundary=cut\r\nContent-Length: 900000\r\n\r\n"
        '--cut\r\nContent-Disposition: form-data; name="file"; filename="a.txt"\r\n\r\n'
    )
    blobs = house.folder / "var" / "blobs"
    before = {path for path in blobs.rglob("*") if path.is_file()}

    def send() -> None:
        with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
            connection.sendall(head.encode() + b"x" * 400_000)

    await asyncio.to_thread(send)
    # An upload that follows shows that the one before has been given up.
    made = (await house.upload(b"after")).json()
    await remove(house, made["id"])
    async with asyncio.timeout(20):
        while {path for path in blobs.rglob("*") if path.is_file()} != before:
            await asyncio.sleep(0.01)


def forged(token: str) -> list[str]:
    """The token with another signature, with other claims, and with none of either."""
    head, body, signature = token.split(".")
    claims = json.loads(base64.urlsafe_b64decode(body + "=="))
    claims["exp"] += 999_999
    other = base64.urlsafe_b64encode(json.dumps(claims).encode()).rstrip(b"=").decode()
    none = base64.urlsafe_b64encode(b'{"alg":"none"}').rstrip(b"=").decode()
    flipped = ("B" if signature[0] == "A" else "A") + signature[1:]
    return [
        f"{head}.{body}.{flipped}",
        f"{head}.{other}.{signature}",
        f"{none}.{body}.",
        f"{head}.{body}.",
        "x",
        "..",
        "x" * 9000,
    ]


async def test_a_forged_token_opens_nothing(house: House) -> None:
    token = house.owner.headers["Authorization"].removeprefix("Bearer ")
    for wrong in forged(token):
        async with house.platform.client("acme", wrong) as client:
            for answer in (
                await client.get("/users/me"),
                await client.post("/courses", json=COURSE),
            ):
                problem(answer, 401)
                assert answer.headers["www-authenticate"].startswith("Bearer")


async def test_another_academys_token_opens_nothing(house: House) -> None:
    foreign = await owners_token(house.platform.url, "globex")
    async with house.platform.client("acme", foreign) as client:
        problem(await client.get("/users/me"), 401)
        problem(await client.post("/courses", json=COURSE), 401)


async def test_an_expired_token_opens_nothing(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    token = await owners_token(house.platform.url, "acme")
    later = datetime.now(UTC) + timedelta(minutes=16)
    with monkeypatch.context() as patch:
        patch.setattr(SystemClock, "now", lambda self: later)
        async with house.platform.client("acme", token) as client:
            answer = await client.get("/users/me")
    problem(answer, 401)


async def test_of_many_who_register_one_address_at_once_one_is_registered(house: House) -> None:
    body = {"email": "twin@learners.example", "password": "long enough it is", "name": "Twin"}
    async with house.platform.client("acme") as client:
        answers = await asyncio.gather(
            *(client.post("/auth/register", json=body) for _ in range(10))
        )
    made = [answer for answer in answers if answer.status_code == 201]
    assert len(made) == 1
    for answer in answers:
        if answer.status_code != 201:
            assert pointers(answer, 409) == ["/email"]
    users = (await house.owner.get("/users?limit=100")).json()["items"]
    twins = [user for user in users if user["name"] == "Twin"]
    assert len(twins) == 1
    assert (await house.owner.delete(f"/users/{twins[0]['id']}")).status_code == 204


async def test_a_number_is_the_same_however_it_is_written(house: House) -> None:
    headers = {"Content-Type": "application/json"}
    body = b'{"title": "Rust", "slug": "rust", "price": {"amount": 49.0e2, "currency": "EUR"}}'
    made = await house.owner.post("/courses", content=body, headers=headers)
    assert made.status_code == 201, made.text
    assert made.json()["price"]["amount"] == 4900
    path = f"/courses/{made.json()['id']}"
    for wrong in (b"4900.5", b"1e400", b'"4900"', b"9007199254740994.0"):
        body = b'{"price": {"amount": %s, "currency": "EUR"}}' % wrong
        answer = await house.owner.patch(path, content=body, headers=headers)
        assert answer.status_code in (400, 422), wrong
    assert (await house.owner.delete(path)).status_code == 204
