"""Requests that are broken as bytes: a refusal that a client can read, and never a 500."""

import json

import pytest

from colonnade_runtime.testing.platform import RunningPlatform
from tests.raw_http import exchanged

pytestmark = pytest.mark.asyncio(loop_scope="module")

REFUSED_HOSTS = [
    b"",
    b"acme.localhost:99999",
    b"acme.localhost:65536",
    b"acme.localhost:999999999999",
    b"acme.localhost:abc",
    b"acme.localhost:-1",
    b"acme.localhost:+80",
    b"acme.localhost:8 0",
    b"acme.localhost:\xb2",
    b"acme.localhost:80:80",
    b"user@acme.localhost",
    b"user:secret@acme.localhost:80",
    b"acme.localhost/x",
    b"acme.localhost#",
    b"acme.localhost?x",
    b"acme.localhost\\",
    b"acme..localhost",
    b".acme.localhost",
    b"acme.localhost..",
    b"-acme.localhost",
    b"%61cme.localhost",
    b"acme.localhost, globex.localhost",
    "académie.localhost".encode(),
    "acme.localhost".encode("utf-16-le"),
    b"[::1",
    b"[::1]x",
    b"[::1]:abc",
    b"[::1%25eth0]",
    b"[1.2.3]",
    b"::1",
    b"a" * 64 + b".localhost",
    b"a." * 200,
]
TAKEN_HOSTS = [
    b"acme.localhost",
    b"ACME.LocalHost",
    b"acme.localhost.",
    b"acme.localhost:",
    b"acme.localhost:0",
    b"acme.localhost:65535",
    b"acme.localhost.:8000",
]
OTHER_HOSTS = [b"127.0.0.1", b"[::1]", b"[::1]:8000", b"[2001:DB8::1]", b"xn--acadmie-dya.example"]
PATHS = [b"/api/v1/mirror", b"/api/v1/mirror/scheme", b"/api/v1/nothing", b"/"]


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("host", REFUSED_HOSTS)
async def test_a_host_that_is_none_is_a_bad_request(
    mirror: RunningPlatform, host: bytes, path: bytes
) -> None:
    answer = await exchanged(
        mirror.url, b"GET %b HTTP/1.1\r\nHost: %b\r\nX-Tenant: acme\r\n\r\n" % (path, host)
    )
    # What no header may hold at all is refused by the server itself.
    assert answer is not None
    assert answer.status == 400
    assert not answer.body or json.loads(answer.body)["status"] == 400


async def test_a_request_without_a_host_is_a_bad_request(mirror: RunningPlatform) -> None:
    answer = await exchanged(mirror.url, b"GET /api/v1/mirror HTTP/1.1\r\nX-Tenant: acme\r\n\r\n")
    assert answer is not None
    assert answer.status == 400


@pytest.mark.parametrize("host", TAKEN_HOSTS)
async def test_a_host_is_the_same_however_it_is_written(
    mirror: RunningPlatform, host: bytes
) -> None:
    answer = await exchanged(mirror.url, b"GET /api/v1/mirror HTTP/1.1\r\nHost: %b\r\n\r\n" % host)
    assert answer is not None
    assert json.loads(answer.body)["tenant"] == "acme"


@pytest.mark.parametrize("host", OTHER_HOSTS)
async def test_a_host_of_no_academy_leaves_it_to_the_header(
    mirror: RunningPlatform, host: bytes
) -> None:
    asked = b"GET /api/v1/mirror HTTP/1.1\r\nHost: %b\r\n" % host
    answer = await exchanged(mirror.url, asked + b"X-Tenant: globex\r\n\r\n")
    assert answer is not None
    assert json.loads(answer.body)["tenant"] == "globex"


POST = b"POST /api/v1/mirror HTTP/1.1\r\nHost: acme.localhost\r\nContent-Type: application/json\r\n"
CHUNKED = POST + b"Transfer-Encoding: chunked\r\n\r\n"
BROKEN_BODIES = [
    CHUNKED + b'5\r\n{"tex\r\nZZ\r\n',
    CHUNKED + b'5\r\n{"texXX\r\n0\r\n\r\n',
    CHUNKED + b"ZZ\r\n",
    CHUNKED + b"-1\r\n{}\r\n",
    CHUNKED + b"fffffffffffffffff\r\n{}\r\n",
    CHUNKED + b"2\n{}\r\n0\r\n\r\n",
    CHUNKED + b"0x2\r\n{}\r\n0\r\n\r\n",
    CHUNKED + b'5\r\n{"tex',
    CHUNKED + b"2\r\n{}\r\n",
    CHUNKED,
    POST + b'Content-Length: 99\r\n\r\n{"text":',
    POST + b"Content-Length: 99\r\n\r\n",
    POST + b"Expect: 100-continue\r\nContent-Length: 99\r\n\r\n{",
    POST + b"Content-Length: abc\r\n\r\n{}",
    POST + b"Content-Length: -2\r\n\r\n{}",
    POST + b"Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}",
    POST + b"Transfer-Encoding: gzip\r\n\r\n{}",
]


@pytest.mark.parametrize("request_", BROKEN_BODIES)
async def test_a_body_that_does_not_end_as_it_began_is_a_bad_request(
    mirror: RunningPlatform, request_: bytes
) -> None:
    answer = await exchanged(mirror.url, request_, hang_up=True)
    # A client that hung up may find that the server did so too.
    if answer is not None and answer.status == 100:
        return
    assert answer is None or answer.status == 400
    counted = {
        sample.labels["status"]
        for family in mirror.runtime.edge.health.registry.collect()
        for sample in family.samples
        if sample.name == "colonnade_http_requests_total"
    }
    assert "500" not in counted


async def test_a_broken_chunk_is_answered_by_a_problem_document(mirror: RunningPlatform) -> None:
    answer = await exchanged(mirror.url, BROKEN_BODIES[0])
    assert answer is not None
    assert (answer.status, json.loads(answer.body)["code"]) == (400, "invalid_request")


async def test_a_whole_body_is_taken(mirror: RunningPlatform) -> None:
    answer = await exchanged(mirror.url, CHUNKED + b'e\r\n{"text": "hi"}\r\n0\r\n\r\n')
    assert answer is not None
    assert (answer.status, json.loads(answer.body)["tenant"]) == (201, "hi")
