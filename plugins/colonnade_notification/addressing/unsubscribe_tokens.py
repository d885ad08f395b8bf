"""Tokens of unsubscribe links: signed, and good for a declared time (RFC 8058).

A token has the time it was made, a person, a channel and a category, and nothing else. 16 bytes
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
    """The category on a channel that a link turns off."""

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
    payload = int(now.timestamp()).to_bytes(_TIME) + subscription.user_id.bytes
    payload += f"{subscription.channel}/{subscription.category}".encode()
    return base64.urlsafe_b64encode(_mac(_DATED, key, payload) + payload).rstrip(b"=").decode()


def read_token(
    key: bytes, token: str, now: datetime, lifetime: timedelta, undated: Undated | None = None
) -> Subscription:
    """Read a token that was made less than `lifetime` before `now`.

    Raises:
        UnknownToken: it was not made with this key.
        LinkExpired: it was made longer ago.
    """
    try:
        data = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))
    except (ValueError, binascii.Error):
        raise _unknown() from None
    mac, payload = data[:_MAC], data[_MAC:]
    if _is_signed(_DATED, key, mac, payload):
        made = datetime.fromtimestamp(int.from_bytes(payload[:_TIME]), UTC)
        payload = payload[_TIME:]
    elif undated is not None and _is_signed(_UNDATED, undated.key, mac, payload):
        made = undated.since
    else:
        raise _unknown()
    if now - made > lifetime:
        raise LinkExpired("This link is too old. Sign in and turn the messages off there.")
    channel, _, category = payload[16:].decode("ascii", "replace").partition("/")
    return Subscription(UUID(bytes=payload[:16]), channel, category)


def _is_signed(label: bytes, key: bytes, mac: bytes, payload: bytes) -> bool:
    return len(payload) > 16 + _TIME and hmac.compare_digest(mac, _mac(label, key, payload))


def _mac(label: bytes, key: bytes, payload: bytes) -> bytes:
    return hmac.digest(key, label + payload, hashlib.sha256)[:_MAC]


def _unknown() -> UnknownToken:
    return UnknownToken("This unsubscribe link was not made by this academy.")
