"""Mail messages as RFC 5322 and MIME define them."""

from binascii import b2a_qp
from dataclasses import dataclass, field
from datetime import datetime
from email.utils import format_datetime
from typing import Annotated

from colonnade.personal import Personal
from colonnade_notification.addressing.mailboxes import Mailbox
from colonnade_notification.api import OutgoingMessage
from colonnade_notification.channels.email.headers import (
    MAXIMUM_LINE,
    ascii_url,
    mailbox_field,
    plain_field,
    text_field,
)

_BOUNDARY = "=_colonnade_{id}"


@dataclass(frozen=True, slots=True)
class WrittenMail:
    """A mail as it goes over the wire, and the envelope for it (RFC 5321 §2.3.1)."""

    sender: str
    recipient: Annotated[str, Personal()]
    content: bytes = field(repr=False)

    @property
    def needs_smtputf8(self) -> bool:
        """True when only a server that speaks SMTPUTF8 can carry it (RFC 6531)."""
        return not self.recipient.isascii()


def mail_of(
    message: OutgoingMessage, recipient: Mailbox, sender: Mailbox, reply_to: str, now: datetime
) -> WrittenMail:
    """The mail for a message: text and HTML, and the headers that mail readers expect.

    Nothing of a recipient, a template or an academy can add a header or a line to one.

    Raises:
        ValueError: a header that machines read would not fit in one line of ASCII.
    """
    head = [
        mailbox_field("From", sender),
        mailbox_field("To", recipient),
        *([plain_field("Reply-To", reply_to)] if reply_to else []),
        text_field("Subject", message.subject),
        plain_field("Date", format_datetime(now)),
        plain_field("Message-ID", message.message_id),
        # RFC 3834 §5: out-of-office answers stay away.
        plain_field("Auto-Submitted", "auto-generated"),
        *_unsubscribe_fields(message.unsubscribe_url),
    ]
    content = b"".join(head) + _content(message)
    return WrittenMail(sender.address, recipient.address, content)


def _unsubscribe_fields(url: str) -> list[bytes]:
    if not url:
        return []
    return [
        # RFC 8058 §3.1: with both headers, a mail reader unsubscribes by a POST of its own.
        plain_field("List-Unsubscribe", f"<{ascii_url(url)}>"),
        plain_field("List-Unsubscribe-Post", "List-Unsubscribe=One-Click"),
    ]


def _content(message: OutgoingMessage) -> bytes:
    """The parts: text first, for readers show the last that they can (RFC 2046 §5.1.4)."""
    boundary = _BOUNDARY.format(id=message.id.hex).encode()
    return b"".join(
        (
            b"MIME-Version: 1.0\r\n",
            b'Content-Type: multipart/alternative; boundary="%s"\r\n\r\n' % boundary,
            _part(boundary, b"plain", message.text),
            _part(boundary, b"html", message.html),
            b"--%s--\r\n" % boundary,
        )
    )


def _part(boundary: bytes, subtype: bytes, text: str) -> bytes:
    """A part in letters that every server carries (RFC 2045 §6)."""
    lines = text.encode().splitlines()
    body = b"\r\n".join((*lines, b""))
    encoding = b"7bit"
    if not body.isascii() or max(map(len, lines), default=0) > MAXIMUM_LINE:
        encoding, body = b"quoted-printable", b2a_qp(body, istext=True)
    return (
        b'--%s\r\nContent-Type: text/%s; charset="utf-8"\r\n'
        b"Content-Transfer-Encoding: %s\r\n\r\n%s" % (boundary, subtype, encoding, body)
    )
