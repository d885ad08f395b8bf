"""Servers that answer anything where mail and push messages go: later, never a broken channel."""

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from uuid import uuid4

import httpx
import pytest
import structlog

from colonnade.clock import SystemClock
from colonnade.faults import NoFaults
from colonnade_notification.api import Postponed, Refused
from colonnade_notification.channels.email.message import WrittenMail
from colonnade_notification.channels.email.smtp import SmtpTransport
from colonnade_notification.channels.push.answers import retry_after
from colonnade_notification.config import MailConfig

SMTP_LIES = {
    "nothing": b"",
    "no SMTP": b"\x16\x03\x01\x02\x00",
    "no number": b"hello\r\n",
    "half a number": b"2",
    "no text": b"220 \xff\xfe\xfd\r\n",
    "a number of no kind": b"999 what\r\n",
    "a line without end": b"220-" + b"x" * 200_000,
    "lines without end": b"220-x\r\n" * 20_000,
    "bytes that are zero": b"\x00" * 4096 + b"\r\n",
    "half a character": b"550 \xed\xa0\x80\r\n",
}


@asynccontextmanager
async def lying(lie: bytes) -> AsyncIterator[int]:
    """A server that greets with these bytes, and answers every line with them; its port."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            writer.write(lie)
            await writer.drain()
            while lie and await reader.readline():
                writer.write(lie)
                await writer.drain()
        except (OSError, ValueError):
            return
        finally:
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        yield server.sockets[0].getsockname()[1]


@pytest.mark.parametrize("lie", SMTP_LIES)
async def test_a_mail_server_that_says_anything_postpones(lie: str) -> None:
    content = b"From: a@acme.example\r\nTo: b@acme.example\r\nSubject: Hello\r\n\r\nHello\r\n"
    mail = WrittenMail("a@acme.example", "b@acme.example", content)
    acme = SimpleNamespace(id="acme")
    log = structlog.get_logger()
    ctx = SimpleNamespace(clock=SystemClock(), faults=NoFaults(), tenant=lambda: acme, log=log)
    async with lying(SMTP_LIES[lie]) as port:
        config = MailConfig.model_validate({"url": f"smtp://127.0.0.1:{port}", "timeout": "1s"})
        server = SmtpTransport(ctx, config)  # type: ignore[arg-type]
        outcome = await server.hand_over(mail, uuid4())
    assert isinstance(outcome, Postponed | Refused)
    assert outcome.problem.encode()
    # Administrators of the academy read it.
    assert not re.search(r"\w(Error|Exception|Warning)\b", outcome.problem)


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("30", timedelta(seconds=30)),
        ("9" * 60, timedelta(days=1)),
        ("Fri, 31 Dec 9999 23:59:59 -2359", timedelta(days=1)),
        ("Mon, 01 Jan 0001 00:00:00 +2359", timedelta()),
        ("Mon, 99 Foo 2026 99:99:99 GMT", None),
        ("²", None),
        ("\x00", None),
        ("", None),
    ],
)
def test_a_push_service_is_left_alone_for_a_day_at_most(
    said: str, expected: timedelta | None
) -> None:
    response = httpx.Response(429, headers={"retry-after": said.encode("latin-1", "replace")})
    assert retry_after(response, datetime(2026, 11, 30, tzinfo=UTC)) == expected
