"""What comes back from another process: read as an answer or an error, or unavailable."""

import asyncio
import json
import time
from typing import Any, cast
from uuid import uuid4

import pytest
import structlog
from hypothesis import example, given
from hypothesis import strategies as st

from colonnade.bus import Header, header_text
from colonnade.context import Context, ContextSigner, Principal, use_context
from colonnade.errors import ColonnadeError, InternalError, NotFound, Unauthenticated, Unavailable
from colonnade.messages import Message, Request
from colonnade.operations import operation
from colonnade_runtime.adapters.bus.memory import MemoryBus
from colonnade_runtime.calls.dispatcher import Dispatcher

KEY = b"k" * 32


class Weight(Message):
    """An answer."""

    grams: int


@operation("scale", action="parcel.read", idempotent=True)
class Weigh(Request[Weight]):
    """Weigh a parcel."""

    parcel: str


SUBJECT = "ask.scale.v1.Weigh"
ERROR: dict[str, Any] = {"code": "not_found", "message": "None.", "details": {}, "fields": []}


async def asked(reply: bytes) -> Weight:
    """The answer of a service that replies with these bytes."""
    bus = MemoryBus()
    await bus.start()

    async def answer(payload: bytes, header: str) -> bytes:
        return reply

    await bus.serve(SUBJECT, answer)
    return await ask_over(bus)


async def ask_over(bus: MemoryBus) -> Weight:
    log = structlog.get_logger("answers")
    dispatcher = Dispatcher(bus, cast("Any", None), cast("Any", None), ContextSigner(KEY), log)
    context = Context("acme", Principal.service("post"), time.time() + 5, str(uuid4()))
    with use_context(context):
        return await dispatcher.ask(Weigh(parcel="one"))


def record(**changed: Any) -> bytes:
    return b"-" + json.dumps(ERROR | changed).encode()


@given(st.binary(max_size=60) | st.binary(max_size=60).map(lambda rest: b"+" + rest))
@example(b"")
@example(b"-")
@example(b"+")
@example(b"+" + b"[" * 100_000)
@example(b"-" + b"[" * 100_000)
@example(b"-" + b'{"a":' * 100_000)
@example(b"+\xff\xfe")
@example(b"+{}")
@example(b'+{"grams": 1e400}')
@example(b"-null")
@example(record(code=7))
@example(record(fields=[["/a"]]))
@example(record(fields=[["/a", "b", "c", "d"]]))
@example(record(details=[1]))
@example(record(message=None))
@example(b"HTTP/1.1 200 OK\r\n\r\n")
def test_whatever_is_no_answer_is_unavailable(reply: bytes) -> None:
    with pytest.raises(Unavailable, match="cannot be read"):
        asyncio.run(asked(reply))


@given(st.text(), st.dictionaries(st.text(), st.integers()), st.text())
def test_an_error_comes_back_whatever_it_says(
    message: str, details: dict[str, int], pointer: str
) -> None:
    fields = [[pointer, message, "code"]]
    with pytest.raises(NotFound):
        asyncio.run(asked(record(message=message, details=details, fields=fields)))


async def test_an_answer_comes_back() -> None:
    assert await asked(b'+{"grams": 40, "added_later": true}') == Weight(grams=40)


async def test_an_error_that_is_not_declared_is_said_to_be_one() -> None:
    with pytest.raises(InternalError, match="undeclared"):
        await asked(record(code="made_up"))


async def test_an_overheard_question_is_good_for_nothing_else() -> None:
    """The same bytes a second time, another payload, another operation: none gets through."""
    bus, signer = MemoryBus(), ContextSigner(KEY)
    heard: list[tuple[bytes, str]] = []
    await bus.start()

    async def answer(payload: bytes, header: Header) -> bytes:
        heard.append((payload, header_text(header)))
        signer.verify(heard[-1][1], SUBJECT, payload, time.time())
        return b'+{"grams": 1}'

    await bus.serve(SUBJECT, answer)
    assert await ask_over(bus) == Weight(grams=1)
    payload, header = heard[0]
    for subject, sent in ((SUBJECT, payload), (SUBJECT, b"{}"), ("ask.scale.v1.Sell", payload)):
        with pytest.raises(ColonnadeError) as refused:
            signer.verify(header, subject, sent, time.time())
        assert isinstance(refused.value, Unauthenticated)
