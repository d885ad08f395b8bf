"""What comes in from another process: a question, or an error of whoever asked; never silence."""

import asyncio
import json
import time
from typing import Any, cast
from uuid import uuid4

import pytest
import structlog
from hypothesis import example, given
from hypothesis import strategies as st

from colonnade.context import Context, ContextSigner, Principal
from colonnade.errors import Conflict
from colonnade.messages import Message, Request
from colonnade.operations import BoundHandler, operation, operation_of
from colonnade_runtime.adapters.bus.memory import MemoryBus
from colonnade_runtime.calls.dispatcher import Dispatcher
from colonnade_runtime.calls.reply_frames import failure

KEY = b"k" * 32


class Length(Message):
    """An answer."""

    metres: int


@operation("tape", action="parcel.read", idempotent=True)
class Measure(Request[Length]):
    """Measure a parcel."""

    parcel: str
    within: int = 1


SUBJECT = operation_of(Measure).subject


async def asked(payload: bytes) -> dict[str, Any]:
    """The error with which these bytes are answered."""
    bus, signer = MemoryBus(), ContextSigner(KEY)
    await bus.start()
    log = structlog.get_logger("questions")
    dispatcher = Dispatcher(bus, cast("Any", None), cast("Any", None), signer, log)
    await dispatcher.host(BoundHandler(operation_of(Measure), cast("Any", None)))
    now = time.time()
    context = Context("acme", Principal.service("post"), now + 60, str(uuid4()))
    reply = await bus.ask(SUBJECT, payload, signer.sign(context, SUBJECT, payload, now + 60), 60.0)
    assert reply[:1] == b"-"
    found: dict[str, Any] = json.loads(reply[1:])
    return found


@given(st.binary(max_size=60))
@example(b"")
@example(b"null")
@example(b"\xff\xfe")
@example(b"[" * 100_000)
@example(b'{"parcel": ' * 100_000)
@example(b'{"parcel": "one", "more": ' + b"[" * 5_000 + b"]" * 5_000 + b"}")
@example(b'{"parcel": "one", "within": ' + b"9" * 6_000 + b"}")
@example(b'{"parcel": "one", "within": 1e999}')
@example(b'{"parcel": "\\ud800"}')
def test_whatever_is_no_question_is_not_valid(payload: bytes) -> None:
    assert asyncio.run(asked(payload))["code"] == "validation_failed"


@pytest.mark.parametrize(
    "error",
    [
        Conflict("half a character: \ud800"),
        Conflict("of no form", details={"what": object()}),
        Conflict("without end", details={"depth": json.loads("[" * 900 + "]" * 900)}),
    ],
)
def test_an_error_that_cannot_be_sent_is_still_an_answer(error: Conflict) -> None:
    said = json.loads(failure(error)[1:])
    assert said["code"] in {"internal", "conflict"}
