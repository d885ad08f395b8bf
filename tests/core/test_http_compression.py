"""JSON answers are compressed as a client takes it, and never where a secret may be in them."""

import gzip
from typing import Annotated

import brotli
import pytest
from hypothesis import given
from hypothesis import strategies as st
from litestar import Response

from colonnade.http import BINDING, get
from colonnade.http_compression import MINIMUM, compressed, holds_no_secret, preferred_coding
from colonnade.messages import Message, Request
from colonnade.operations import operation
from colonnade.pagination import Page
from colonnade.personal import Confidential

LONG = b'{"items": ["' + b"course " * MINIMUM + b'"]}'


class Plain(Message):
    text: str


class Key(Message):
    key: Annotated[str | None, Confidential()] = None


class Ring(Message):
    keys: list[Key]


class Versioned(Message):
    version: int


def response(body: bytes, status: int = 200) -> Response[bytes]:
    return Response(content=body, status_code=status)


@pytest.mark.parametrize(
    ("accepted", "coding"),
    [
        ("gzip, deflate, br", "br"),
        ("gzip", "gzip"),
        ("br;q=0.5, gzip;q=0.8", "gzip"),
        ("br;q=0, gzip;q=0", None),
        ("*", "br"),
        ("*;q=0", None),
        ("*;q=0, gzip", "gzip"),
        ("identity", None),
        ("GZIP", "gzip"),
        ("gzip;q=x", None),
        ("", None),
        (None, None),
    ],
)
def test_the_client_chooses(accepted: str | None, coding: str | None) -> None:
    assert preferred_coding(accepted) == coding


@given(st.text(max_size=200))
def test_no_header_breaks_it(accepted: str) -> None:
    assert preferred_coding(accepted) in (None, "br", "gzip")


@pytest.mark.parametrize(
    ("accepted", "decode"), [("br", brotli.decompress), ("gzip", gzip.decompress)]
)
@pytest.mark.parametrize("times", [1, 50])
async def test_what_is_sent_is_what_was_meant(accepted: str, decode: object, times: int) -> None:
    sent = await compressed(response(LONG * times), accepted)
    assert sent.headers["Content-Encoding"] == accepted
    assert sent.headers["Vary"] == "Accept-Encoding"
    assert len(sent.content) < len(LONG * times) / 3
    assert decode(sent.content) == LONG * times  # type: ignore[operator]


async def test_who_takes_none_gets_it_as_it_is_and_caches_are_told() -> None:
    sent = await compressed(response(LONG), None)
    assert (sent.content, sent.headers["Vary"]) == (LONG, "Accept-Encoding")
    assert "Content-Encoding" not in sent.headers


@pytest.mark.parametrize(("body", "status"), [(b"{}", 200), (LONG, 404)])
async def test_what_is_short_or_refused_is_sent_as_it_is(body: bytes, status: int) -> None:
    sent = await compressed(response(body, status), "br")
    assert (sent.content, "Content-Encoding" in sent.headers) == (body, False)


@pytest.mark.parametrize("answer", [Key, Ring, Page[Key], Page[Ring]])
def test_an_answer_with_a_secret_in_it_is_never_compressed(answer: type[Message]) -> None:
    assert not holds_no_secret(answer)
    assert not compresses(answer)


def test_an_answer_with_a_version_keeps_its_entity_tag() -> None:
    assert holds_no_secret(Versioned)
    assert not compresses(Versioned)


def test_a_route_may_do_without() -> None:
    assert compresses(Page[Plain])
    assert not compresses(Page[Plain], compressed=False)


def compresses(answer: type[Message], **options: bool) -> bool:
    """Tell whether a route with this answer is compressed."""

    @operation("quiz", action="quiz.read")
    class Read(Request[answer]):  # type: ignore[valid-type]
        """Read it."""

    return bool(get("/", Read, **options).opt[BINDING].compressed)
