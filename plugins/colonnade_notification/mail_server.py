"""Mail to a server, by SMTP (RFC 5321), and what its answers mean."""

import asyncio
import contextlib
import re
from dataclasses import dataclass
from email.message import EmailMessage
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

import aiosmtplib

from colonnade.clock import Clock
from colonnade.errors import ConfigurationError
from colonnade.secrets import SecretUnavailable
from colonnade.services import ServiceContext
from colonnade_notification.api import Outcome, Postponed, Refused, Sent
from colonnade_notification.config import MailConfig

_PORTS = {"smtp": 25, "smtps": 465, "smtp+starttls": 587}
_ADDRESS = re.compile(r"<?[^\s<>]+@[^\s<>]+>?")
_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


@dataclass(slots=True)
class Breaker:
    """Stops asking a server that does not answer, so that it holds up nobody else.

    After `tolerated` silences in a row, one try in `pause` seconds finds out whether it is back.
    """

    clock: Clock
    tolerated: int = 3
    pause: float = 30.0
    silences: int = 0
    open_until: float = 0.0

    def is_open(self) -> bool:
        """Whether nobody should ask now; the first to hear no asks for all."""
        now = self.clock.monotonic()
        if self.silences < self.tolerated:
            return False
        if now < self.open_until:
            return True
        self.open_until = now + self.pause
        return False

    def heard(self) -> None:
        """The server answered."""
        self.silences = 0

    def silent(self) -> None:
        """The server did not answer."""
        self.silences += 1
        if self.silences >= self.tolerated:
            self.open_until = self.clock.monotonic() + self.pause


class MailServer:
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
        if config.username and self._scheme == "smtp" and self._host not in _LOOPBACK:
            raise ConfigurationError(
                f"services.notification.config.mail: credentials would go to {self._host} "
                "unencrypted; use smtps:// or smtp+starttls://."
            )

    async def hand_over(self, mail: EmailMessage, identifier: UUID, recipient: str) -> Outcome:
        """Hand one mail over. `identifier` is in its Message-ID already."""
        if self._breaker.is_open():
            return Postponed(f"The mail server {self._host} has not answered lately.")
        try:
            async with asyncio.timeout(float(self._config.timeout)), self._slots:
                await self._send(mail, recipient)
        except (TimeoutError, aiosmtplib.SMTPTimeoutError):
            self._breaker.silent()
            return Postponed(f"The mail server {self._host} did not answer in time.")
        except aiosmtplib.SMTPRecipientsRefused as error:
            self._breaker.heard()
            return _refused_recipient(error, recipient)
        except aiosmtplib.SMTPException as error:
            return self._outcome(error)
        except SecretUnavailable as error:
            return Postponed(error.message)
        except OSError as error:
            return Postponed(f"The mail server {self._host} cannot be reached: {error}.")
        except Exception as error:
            # What it said is no reply of RFC 5321, nor anything that the library expected.
            what = type(error).__name__
            return Postponed(f"What the mail server {self._host} said cannot be read: {what}.")
        self._breaker.heard()
        return Sent()

    async def _send(self, mail: EmailMessage, recipient: str) -> None:
        client = aiosmtplib.SMTP(
            hostname=self._host,
            port=self._port,
            timeout=float(self._config.timeout),
            use_tls=self._scheme == "smtps",
            start_tls=self._scheme == "smtp+starttls",
        )
        try:
            await client.connect(**self._credentials())
            await client.send_message(mail, recipients=[recipient])
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

    def _outcome(self, error: aiosmtplib.SMTPException) -> Outcome:
        if isinstance(error, aiosmtplib.SMTPAuthenticationError):
            self._breaker.heard()
            return Postponed(f"The mail server {self._host} refused to sign us in: {_said(error)}.")
        if isinstance(error, aiosmtplib.SMTPNotSupported):
            self._breaker.heard()
            return Refused(f"The mail server {self._host} cannot carry this mail: {error}.")
        if isinstance(error, aiosmtplib.SMTPResponseException):
            self._breaker.heard()
            answered = f"The mail server {self._host} answered {_said(error)}."
            return Refused(answered) if error.code >= 500 else Postponed(answered)
        return Postponed(f"The mail server {self._host} cannot be reached: {error}.")


def _refused_recipient(error: aiosmtplib.SMTPRecipientsRefused, recipient: str) -> Outcome:
    refusal = error.recipients[0]
    answered = f"The mail server answered {_said(refusal)}."
    if refusal.code >= 500:
        return Refused(answered, bounced_address=recipient)
    return Postponed(answered)


def _said(error: aiosmtplib.SMTPResponseException) -> str:
    text = "".join(letter if letter.isprintable() else " " for letter in str(error.message))
    # Servers repeat the address, and what they say is logged.
    text = _ADDRESS.sub("<address>", text)
    return f"{error.code} {' '.join(text.split())[:300].rstrip('.')}"
