"""E-mail channel: mail to the address that its recipient has when it goes out."""

from dataclasses import replace
from pathlib import Path
from typing import Protocol
from urllib.parse import urlsplit
from uuid import UUID

from colonnade_notification.addressing.addresses import Addresses
from colonnade_notification.addressing.mailboxes import mailbox
from colonnade_notification.api import (
    ChannelInfo,
    DeliveryOutcome,
    OutgoingMessage,
    Refused,
    Unreachable,
)
from colonnade_notification.channels.email.folder import FolderTransport
from colonnade_notification.channels.email.message import WrittenMail, mail_of
from colonnade_notification.channels.email.smtp import SmtpTransport
from colonnade_notification.config import NotificationConfig, NotificationContext


class Transport(Protocol):
    """A way to hand mail over, such as SMTP."""

    async def hand_over(self, mail: WrittenMail, identifier: UUID) -> DeliveryOutcome:
        """Hand one mail over."""
        ...


def transport_of(ctx: NotificationContext, config: NotificationConfig) -> Transport:
    """The transport that `mail.url` names.

    Raises:
        ConfigurationError: credentials would travel unencrypted to another machine.
    """
    parts = urlsplit(config.mail.url)
    if parts.scheme == "file":
        return FolderTransport(ctx, ctx.root / Path(parts.path))
    return SmtpTransport(ctx, config.mail)


class EmailChannel:
    """Sends mail by the transport that `mail.url` names."""

    def __init__(self, ctx: NotificationContext, config: NotificationConfig) -> None:
        self.info = ChannelInfo(name="email", mandatory=True, digests=True, seconds=30.0)
        self._ctx = ctx
        self._addresses = Addresses(ctx, config)
        self._transport = transport_of(ctx, config)

    async def reaches(self, user_id: UUID) -> bool:
        """True for everybody: an account has an address."""
        return True

    async def send(self, message: OutgoingMessage) -> DeliveryOutcome:
        """Hand the mail to the transport."""
        email = message.recipient.email
        if email is None:
            return Unreachable("There is no address that this service may see.")
        try:
            recipient = mailbox(email, message.recipient.name)
            reply_to = self._addresses.tenant_config().reply_to or ""
            now = self._ctx.clock.now()
            mail = mail_of(message, recipient, self._addresses.sender(), reply_to, now)
        except ValueError as error:
            return Refused(f"The mail cannot be written: {error}.")
        outcome = await self._transport.hand_over(mail, message.id)
        if isinstance(outcome, Refused) and outcome.bounced_address:
            # As the account has it: that is what later messages are compared with.
            return replace(outcome, bounced_address=email)
        return outcome
