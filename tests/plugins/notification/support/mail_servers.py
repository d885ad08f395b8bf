"""Real SMTP servers on loopback, with the manners that servers have."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from email.message import EmailMessage
from email.parser import BytesParser
from email.policy import default
from typing import Any

from aiosmtpd.smtp import SMTP, Envelope

LIMIT = 20.0


@dataclass
class Mailbox:
    """What a server took, and how it answers: `rcpt` and `data` give the answer of a command,
    or nothing when it is the usual one. `raw` is what came over the wire."""

    rcpt: Callable[[str], str | None] = lambda address: None
    mail: Callable[[str], str | None] = lambda address: None
    data: Callable[[Envelope], str | None] = lambda envelope: None
    raw: list[bytes] = field(default_factory=list)
    taken: list[EmailMessage] = field(default_factory=list)
    recipients: list[str] = field(default_factory=list)
    asked: int = 0
    url: str = ""

    async def handle_RCPT(
        self, server: Any, session: Any, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        self.asked += 1
        answer = self.rcpt(address)
        if answer is not None:
            return answer
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_MAIL(
        self, server: Any, session: Any, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        answer = self.mail(address)
        if answer is not None:
            return answer
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Envelope) -> str:
        answer = self.data(envelope)
        if answer is not None:
            return answer
        content = envelope.content
        assert isinstance(content, bytes)
        self.raw.append(content)
        message = BytesParser(policy=default).parsebytes(content)
        assert isinstance(message, EmailMessage)
        self.taken.append(message)
        self.recipients.extend(envelope.rcpt_tos)
        return "250 OK"

    async def takes(self, count: int) -> list[EmailMessage]:
        """Wait until so many mails have come."""
        async with asyncio.timeout(LIMIT):
            while len(self.taken) < count:
                await asyncio.sleep(0.01)
        return self.taken


@asynccontextmanager
async def mail_server(
    mailbox: Mailbox, *, smtputf8: bool = True, **options: Any
) -> AsyncIterator[Mailbox]:
    """A server that answers as `mailbox` says; `options` are aiosmtpd's."""
    loop = asyncio.get_running_loop()
    server = await loop.create_server(
        lambda: SMTP(mailbox, enable_SMTPUTF8=smtputf8, loop=loop, **options), "127.0.0.1", 0
    )
    mailbox.url = f"smtp://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    try:
        yield mailbox
    finally:
        server.close()


@asynccontextmanager
async def silent_server() -> AsyncIterator[Mailbox]:
    """A server that takes connections and never says a word."""
    mailbox = Mailbox()
    writers = []

    async def hold(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        mailbox.asked += 1
        writers.append(writer)

    server = await asyncio.start_server(hold, "127.0.0.1", 0)
    mailbox.url = f"smtp://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    try:
        yield mailbox
    finally:
        for writer in writers:
            writer.close()
        server.close()
