"""Tokens of unsubscribe links: signed, and good for as long as the academy is there (RFC 8058).

A token names a person, a channel and a category, and says nothing else. 16 bytes of HMAC-SHA256
are left of the signature: enough, since nothing but that choice can be made with it.
"""

import base64
import binascii
import hashlib
import hmac
from dataclasses import dataclass
from uuid import UUID

from colonnade_notification.api import UnknownToken

EVERYTHING = "*"
"""In place of a category: everything that comes in digests."""

_MAC = 16


@dataclass(frozen=True, slots=True)
class Subscription:
    """What a link turns off."""

    user_id: UUID
    channel: str
    category: str


def make_token(key: bytes, subscription: Subscription) -> str:
    """The token of a link."""
    said = subscription.user_id.bytes + f"{subscription.channel}/{subscription.category}".encode()
    return base64.urlsafe_b64encode(_mac(key, said) + said).rstrip(b"=").decode()


def read_token(key: bytes, token: str) -> Subscription:
    """What a token says.

    Raises:
        UnknownToken: it was not made with this key.
    """
    try:
        data = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))
    except (ValueError, binascii.Error):
        raise _unknown() from None
    said = data[_MAC:]
    if len(said) < 17 or not hmac.compare_digest(data[:_MAC], _mac(key, said)):
        raise _unknown()
    channel, _, category = said[16:].decode("ascii", "replace").partition("/")
    return Subscription(UUID(bytes=said[:16]), channel, category)


def _mac(key: bytes, said: bytes) -> bytes:
    return hmac.digest(key, b"unsubscribe\0" + said, hashlib.sha256)[:_MAC]


def _unknown() -> UnknownToken:
    return UnknownToken("This unsubscribe link was not made by this academy.")
