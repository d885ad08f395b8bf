"""Tokens of unsubscribe links: signed, and good for a declared time (RFC 8058).

A token names when it was made, a person, a channel and a category, and says nothing else. 16 bytes
of HMAC-SHA256 are left of the signature: enough, since nothing but that choice can be made with it.
"""

import base64
import binascii
import hashlib
import hmac
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

from colonnade_notification.api import LinkExpired, UnknownToken

EVERYTHING = "*"
"""In place of a category: everything that comes in digests."""

_MAC = 16
_TIME = 4
"""Octets of the time, in seconds since the Unix epoch: until 2106."""

_DATED = b"unsubscribe since\0"
_UNDATED = b"unsubscribe\0"


@dataclass(frozen=True, slots=True)
class Subscription:
    """What a link turns off."""

    user_id: UUID
    channel: str
    category: str


@dataclass(frozen=True, slots=True)
class Undated:
    """The key of links that do not say when they were made, and since when none are made."""

    key: bytes
    since: datetime


def make_token(key: bytes, subscription: Subscription, now: datetime) -> str:
    """The token of a link."""
    said = int(now.timestamp()).to_bytes(_TIME) + subscription.user_id.bytes
    said += f"{subscription.channel}/{subscription.category}".encode()
    return base64.urlsafe_b64encode(_mac(_DATED, key, said) + said).rstrip(b"=").decode()


def read_token(
    key: bytes, token: str, now: datetime, lifetime: timedelta, undated: Undated | None = None
) -> Subscription:
    """What a token says, if it was made less than `lifetime` before `now`.

    Raises:
        UnknownToken: it was not made with this key.
        LinkExpired: it was made longer ago.
    """
    try:
        data = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))
    except (ValueError, binascii.Error):
        raise _unknown() from None
    mac, said = data[:_MAC], data[_MAC:]
    if _is_signed(_DATED, key, mac, said):
        made = datetime.fromtimestamp(int.from_bytes(said[:_TIME]), UTC)
        said = said[_TIME:]
    elif undated is not None and _is_signed(_UNDATED, undated.key, mac, said):
        made = undated.since
    else:
        raise _unknown()
    if now - made > lifetime:
        raise LinkExpired("This link is too old. Sign in and turn the messages off there.")
    channel, _, category = said[16:].decode("ascii", "replace").partition("/")
    return Subscription(UUID(bytes=said[:16]), channel, category)


def _is_signed(label: bytes, key: bytes, mac: bytes, said: bytes) -> bool:
    return len(said) > 16 + _TIME and hmac.compare_digest(mac, _mac(label, key, said))


def _mac(label: bytes, key: bytes, said: bytes) -> bytes:
    return hmac.digest(key, label + said, hashlib.sha256)[:_MAC]


def _unknown() -> UnknownToken:
    return UnknownToken("This unsubscribe link was not made by this academy.")
