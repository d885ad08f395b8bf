"""Routes made with `upload` and `download`: files as they arrive, and as they are fetched."""

from collections.abc import AsyncIterator
from typing import TYPE_CHECKING

import httpx
import pytest
import pytest_asyncio

from colonnade.errors import ConfigurationError
from colonnade.files import FileHead
from colonnade.http import download, upload
from colonnade.messages import Message, Request
from colonnade.operations import Stream, operation
from colonnade_runtime.testing.platform import running_platform

if TYPE_CHECKING:
    from locker import Locker

pytestmark = pytest.mark.asyncio(loop_scope="module")
TEXT = {"Content-Type": "text/plain"}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def locker() -> "Locker":
    from locker import Locker

    return Locker()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def client(
    locker: "Locker", tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[httpx.AsyncClient]:
    from locker import locker_plugin
    from small_site import make_site

    site = make_site(tmp_path_factory.mktemp("site"), "services: {locker: }\n")
    async with (
        running_platform(site, plugins=[locker_plugin(locker)]) as running,
        running.client("acme") as http,
    ):
        yield http


async def test_a_file_is_taken_as_it_comes_and_fetched_again(client: httpx.AsyncClient) -> None:
    kept = await client.post("/locker/note", content=b"some words", headers=TEXT)
    assert (kept.status_code, kept.json()["size"]) == (201, 10)
    got = await client.get("/locker/note")
    assert (got.status_code, got.content) == (200, b"some words")
    assert got.headers["content-type"].startswith("text/plain")
    assert got.headers["content-disposition"] == 'inline; filename="note"'
    assert got.headers["content-length"] == "10"
    assert got.headers["etag"] == '"10"'
    assert "sandbox" in got.headers["content-security-policy"]
    assert got.headers["x-content-type-options"] == "nosniff"


async def test_who_has_the_bytes_gets_them_no_second_time(
    client: httpx.AsyncClient, locker: "Locker"
) -> None:
    await client.post("/locker/twice", content=b"twelve bytes", headers=TEXT)
    for tag in ('"12"', 'W/"12"', '"1", "12"', "*"):
        known = await client.get("/locker/twice", headers={"If-None-Match": tag})
        assert (known.status_code, known.content) == (304, b"")
    other = await client.get("/locker/twice", headers={"If-None-Match": '"13"'})
    assert other.status_code == 200


@pytest.mark.parametrize(
    ("media_type", "shown"),
    [("image/png", "inline"), ("text/html", "attachment"), ("image/svg+xml", "attachment")],
)
async def test_what_could_run_on_the_academys_host_is_saved_instead(
    client: httpx.AsyncClient, media_type: str, shown: str
) -> None:
    await client.post("/locker/shown", content=b"<script>", headers=TEXT)
    got = await client.get("/locker/shown", params={"media_type": media_type})
    assert got.headers["content-disposition"].startswith(shown)


async def test_fields_that_the_path_does_not_name_come_from_the_query(
    client: httpx.AsyncClient, locker: "Locker"
) -> None:
    made = await client.post("/locker/second?shelf=2", content=b"x", headers=TEXT)
    assert made.status_code == 201
    assert locker.files["2/second"] == b"x"
    wrong = await client.post("/locker/second?shelf=top&row=1", content=b"x", headers=TEXT)
    assert wrong.status_code == 422
    assert {each["pointer"] for each in wrong.json()["errors"]} == {"?shelf", "?row"}


async def test_a_form_brings_the_name_and_the_type_of_its_file(client: httpx.AsyncClient) -> None:
    file = {"file": ("cat.txt", b"a cat", "text/plain")}
    made = await client.post("/forms", files=file, params={"shelf": 3})
    assert made.status_code == 201
    assert made.json() == {"name": "cat.txt", "size": 5, "declared_type": "text/plain"}
    assert made.headers["location"] == "/cat.txt"
    given = await client.post("/forms", files=file, params={"name": "dog.txt"})
    assert given.status_code == 422
    long = await client.post("/forms", files={"file": ("x" * 30, b"", "text/plain")})
    assert (long.status_code, long.json()["code"]) == (422, "validation_failed")


async def test_what_is_not_taken_is_refused(client: httpx.AsyncClient, locker: "Locker") -> None:
    other = await client.post("/locker/a", content=b"x", headers={"Content-Type": "text/html"})
    assert other.status_code == 415
    assert "text/plain, image/png" in other.json()["detail"]
    large = await client.post("/locker/a", content=b"x" * 1001, headers=TEXT)
    assert large.status_code == 413
    assert "1/a" not in locker.files
    assert (await client.post("/forms", content=b"x", headers=TEXT)).status_code == 415
    assert (await client.get("/locker/nothing")).status_code == 404


async def test_openapi_tells_of_files(client: httpx.AsyncClient) -> None:
    document = (await client.get(str(client.base_url.join("/openapi.json")))).json()
    kept = document["paths"]["/api/v1/locker/{name}"]["post"]
    assert set(kept["requestBody"]["content"]) == {"text/plain", "image/png"}
    assert {each["name"]: each["in"] for each in kept["parameters"] if "name" in each} == {
        "name": "path",
        "declared_type": "query",
        "shelf": "query",
    }
    form = document["paths"]["/api/v1/forms"]["post"]
    assert set(form["requestBody"]["content"]) == {"multipart/form-data"}
    assert [each["name"] for each in form["parameters"] if "name" in each] == ["shelf"]


class Answer(Message):
    """An answer that is no file."""


@operation("locker", action="locker.read", stream=Stream.DOWNLOAD)
class FetchNothing(Request[Answer]):
    """Answer without a head of a file."""


@operation("locker", action="locker.read")
class Plain(Request[FileHead]):
    """Answer without a stream."""


async def test_only_operations_that_stream_are_bound_as_such() -> None:
    with pytest.raises(ConfigurationError, match=r"make it a Request\[FileHead\]"):
        download("/", FetchNothing)
    with pytest.raises(ConfigurationError, match=r"stream=Stream\.DOWNLOAD"):
        download("/", Plain)
    with pytest.raises(ConfigurationError, match=r"stream=Stream\.UPLOAD"):
        upload("/", Plain, maximum_body=1)
