"""Signed webhooks in the form of Standard Webhooks 1.0: the headers `webhook-id`,
`webhook-timestamp` and `webhook-signature`, an HMAC-SHA256 over `<id>.<timestamp>.<body>`."""

import base64
import hashlib
import hmac
from collections.abc import Mapping
from datetime import datetime

from colonnade_payment.api import WebhookSignature

_MAXIMUM_SIGNATURES = 10


def signature_of(secret: str, identifier: str, timestamp: int, body: bytes) -> str:
    """Compute the header `webhook-signature`."""
    signed = f"{identifier}.{timestamp}.".encode() + body
    digest = hmac.digest(secret.encode(), signed, hashlib.sha256)
    return f"v1,{base64.b64encode(digest).decode()}"


def verify_signature(
    secret: str, headers: Mapping[str, str], body: bytes, now: datetime, *, tolerance: float
) -> None:
    """Accept what was signed with `secret` within `tolerance` seconds of now, either way.

    Header names are lower case. One of several signatures suffices, so that keys can rotate.

    Raises:
        WebhookSignature: anything else; it says no more than an attacker knows anyhow.
    """
    identifier = headers.get("webhook-id", "")
    timestamp = headers.get("webhook-timestamp", "")
    given = headers.get("webhook-signature", "")
    if not (1 <= len(identifier) <= 255 and identifier.isascii() and identifier.isprintable()):
        raise WebhookSignature("The header webhook-id is missing or malformed.")
    if not (timestamp.isascii() and timestamp.isdigit() and len(timestamp) <= 12):
        raise WebhookSignature("The header webhook-timestamp is missing or malformed.")
    if abs(now.timestamp() - int(timestamp)) > tolerance:
        raise WebhookSignature("The webhook is too old, or from the future.")
    expected = signature_of(secret, identifier, int(timestamp), body).encode()
    matches = False
    for candidate in given.split(" ")[:_MAXIMUM_SIGNATURES]:
        # Every candidate is compared, in constant time.
        matches |= hmac.compare_digest(candidate.encode(errors="replace"), expected)
    if not matches:
        raise WebhookSignature("The signature does not fit.")
