"""Mail transport by SMTP (RFC 5321)."""

import asyncio
import contextlib
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

import aiosmtplib

from colonnade.errors import ConfigurationError
from colonnade.services import ServiceContext
from colonnade_notification.api import DeliveryOutcome, Postponed, Refused, Sent
from colonnade_notification.channels.email.breaker import Breaker
from colonnade_notification.channels.email.message import WrittenMail
from colonnade_notification.channels.email.smtp_replies import SENDER, SERVER, SmtpResult, result_of
from colonnade_notification.config import MailConfig

_PORTS = {"smtp": 25, "smtps": 465, "smtp+starttls": 587}
_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})

REFUSALS = 3
"""Messages refused in a row before that is a fault of the server."""


class SmtpTransport:
    """Hands mail to one server, a connection per message, few at once.

    Raises:
        ConfigurationError: credentials would travel unencrypted to another machine.
    """

    def __init__(self, ctx: ServiceContext, config: MailConfig) -> None:
        parts = urlsplit(config.url)
        self._scheme, self._host = parts.scheme, parts.hostname or ""
        self._port = parts.port or _PORTS[parts.scheme]
        self._ctx = ctx
        self._config = config
        self._slots = asyncio.Semaphore(config.connections)
        self._breaker = Breaker(ctx.clock)
        self._refused = 0
        if config.username and self._scheme == "smtp" and self._host not in _LOOPBACK:
            raise ConfigurationError(
                f"services.notification.config.mail: credentials would go to {self._host} "
                "unencrypted; use smtps:// or smtp+starttls://."
            )

    async def hand_over(self, mail: WrittenMail, identifier: UUID) -> DeliveryOutcome:
        """Hand one mail over. `identifier` is in its Message-ID already."""
        if self._breaker.is_open():
            return Postponed(f"The mail server {self._host} has not answered lately.")
        try:
            async with asyncio.timeout(float(self._config.timeout)), self._slots:
                await self._send(mail)
        except Exception as error:
            # What it said may be no reply of RFC 5321, nor anything that the library expected.
            result = result_of(error, self._host, mail.recipient)
            # Its words may hold the address, and are told where that is masked.
            kind = type(error).__name__
            self._ctx.log.info("mail not handed over", notification=str(identifier), error=kind)
        else:
            result = SmtpResult(Sent())
        self._note(result)
        return result.outcome

    async def _send(self, mail: WrittenMail) -> None:
        client = aiosmtplib.SMTP(
            hostname=self._host,
            port=self._port,
            timeout=float(self._config.timeout),
            use_tls=self._scheme == "smtps",
            start_tls=self._scheme == "smtp+starttls",
        )
        try:
            await client.connect(**self._credentials())
            # The octets as they were written: the library would fold headers once more.
            options = ["SMTPUTF8"] if mail.needs_smtputf8 else []
            await client.sendmail(mail.sender, [mail.recipient], mail.content, mail_options=options)
            # It is the server's now; whether it says goodbye makes no difference.
            with contextlib.suppress(aiosmtplib.SMTPException, OSError):
                await client.quit()
        finally:
            client.close()

    def _credentials(self) -> dict[str, Any]:
        if not self._config.username or self._config.password is None:
            return {}
        password = self._ctx.secret(self._config.password).reveal()
        return {"username": self._config.username, "password": password}

    def _note(self, result: SmtpResult) -> None:
        """Count the result for the breaker, and report or withdraw the server's faults."""
        if result.is_silent:
            self._breaker.record_failure()
        else:
            self._breaker.record_success()
        tenant = self._ctx.tenant().id
        if result.fault == SENDER:
            self._report(SENDER, result, tenant)
        elif result.fault:
            self._report(SERVER, result)
        else:
            self._ctx.faults.withdraw(SENDER, tenant=tenant)
            self._note_refusal(result)

    def _note_refusal(self, result: SmtpResult) -> None:
        refused = isinstance(result.outcome, Refused)
        self._refused = self._refused + 1 if refused else 0
        if self._refused < REFUSALS:
            self._ctx.faults.withdraw(SERVER)
            return
        mend = "See why: GET /api/v1/deliveries?status=failed; send again with POST …/retry."
        self._report(SERVER, SmtpResult(result.outcome, SERVER, mend))

    def _report(self, kind: str, result: SmtpResult, tenant: str = "") -> None:
        outcome = result.outcome
        assert isinstance(outcome, Postponed | Refused)
        sentence = result.sentence or outcome.problem
        self._ctx.faults.report(kind, sentence, mend=result.mend, tenant=tenant)
