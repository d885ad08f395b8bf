"""Encryption of push messages (RFC 8291) and the signature of their sender (RFC 8292)."""

import base64
import json
from datetime import datetime, timedelta

import http_ece
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from py_vapid import Vapid02

MAXIMUM_PAYLOAD = 3_993
"""Bytes that fit in one record of 4,096 (RFC 8291 §4)."""

_TOKEN_LIFETIME = timedelta(hours=12)
"""RFC 8292 §2 allows 24 hours at most."""


def decoded(text: str) -> bytes:
    """Decode base64url with or without padding (RFC 4648 §5)."""
    return base64.urlsafe_b64decode(text.rstrip("=") + "=" * (-len(text.rstrip("=")) % 4))


def check_keys(p256dh: str, auth: str) -> None:
    """Check that messages can be encrypted for a subscription's keys.

    Raises:
        ValueError: the first is not a point on P-256, or the second not 16 bytes.
    """
    ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), decoded(p256dh))
    if len(decoded(auth)) != 16:
        raise ValueError("auth is not 16 bytes")


def encrypt(payload: bytes, p256dh: str, auth: str) -> bytes:
    """The body of a push message: content encoding aes128gcm (RFC 8188, RFC 8291)."""
    encrypted: bytes = http_ece.encrypt(
        payload,
        private_key=ec.generate_private_key(ec.SECP256R1()),
        dh=decoded(p256dh),
        auth_secret=decoded(auth),
        version="aes128gcm",
    )
    return encrypted


def public_key(private: bytes) -> str:
    """The uncompressed point of a key in PKCS #8, base64url: what a browser subscribes with."""
    key = _loaded(private).public_key()
    point = key.public_bytes(
        serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint
    )
    return base64.urlsafe_b64encode(point).rstrip(b"=").decode()


def authorization(private: bytes, origin: str, contact: str, now: datetime) -> str:
    """The `Authorization` header for one push service (RFC 8292 §3)."""
    claims = {
        "aud": origin,
        "exp": int((now + _TOKEN_LIFETIME).timestamp()),
        "sub": contact,
    }
    header: str = Vapid02(_loaded(private)).sign(claims)["Authorization"]
    return header


def payload_of(identifier: str, title: str, body: str, link: str) -> bytes:
    """The JSON that the app's service worker gets, its body cut so that it fits."""
    for length in (600, 300, 100, 0):
        shown = body if len(body) <= length else body[:length].rstrip() + "…"
        fields = {"id": identifier, "title": title, "body": shown, "link": link}
        data = json.dumps(fields, ensure_ascii=False).encode()
        if len(data) <= MAXIMUM_PAYLOAD:
            return data
    return json.dumps({"id": identifier}).encode()


def _loaded(private: bytes) -> ec.EllipticCurvePrivateKey:
    key = serialization.load_der_private_key(private, None)
    assert isinstance(key, ec.EllipticCurvePrivateKey)
    return key
