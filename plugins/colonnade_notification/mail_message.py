"""A mail as RFC 5322 and MIME have it."""

from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime

import idna

from colonnade_notification.api import OutgoingMessage

_BOUNDARY = "=_colonnade_{id}"


def mail_of(
    message: OutgoingMessage, recipient: Address, sender: Address, reply_to: str, now: datetime
) -> EmailMessage:
    """The mail for a message: text and HTML, with the headers of a good citizen.

    Nothing of a recipient, a template or an academy can add a header or a line to one: values
    are one line each by now, and the library refuses one that is not.

    Raises:
        ValueError: a header would have a line end in it.
    """
    mail = EmailMessage(policy=SMTP)
    mail["From"] = sender
    mail["To"] = recipient
    if reply_to:
        mail["Reply-To"] = reply_to
    mail["Subject"] = message.subject
    mail["Date"] = format_datetime(now)
    mail["Message-ID"] = message.message_id
    # RFC 3834 §5: out-of-office answers stay away.
    mail["Auto-Submitted"] = "auto-generated"
    if message.unsubscribe_url:
        # RFC 8058 §3.1: with both headers, a mail reader unsubscribes by a POST of its own.
        mail["List-Unsubscribe"] = f"<{message.unsubscribe_url}>"
        mail["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    mail.set_content(message.text)
    mail.add_alternative(message.html, subtype="html")
    mail.set_boundary(_BOUNDARY.format(id=message.id.hex))
    return mail


def address_of(email: str, name: str) -> Address:
    """Somebody's address as a header shows it, its domain in ASCII (RFC 5891), which every server
    takes. Letters beyond ASCII before the @ need one that speaks SMTPUTF8 (RFC 6531).

    Raises:
        ValueError: when `email` is not an address that a header can hold.
    """
    shown = " ".join("".join(c if c.isprintable() else " " for c in name).split())
    local, _, domain = email.rpartition("@")
    if not domain.isascii():
        domain = idna.encode(domain).decode()
    if local.isascii():
        return Address(shown, addr_spec=f"{local}@{domain}")
    # The parser of `addr_spec` knows RFC 5322 alone.
    return Address(shown, username=local, domain=domain)
