"""Access tokens: ES256 JSON Web Tokens (RFC 7519, profile of RFC 9068), a key set per tenant."""

import base64
import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from uuid import UUID

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import ECKey

from colonnade.errors import Unauthenticated
from colonnade_user.api import JsonWebKey

ALGORITHM = "ES256"
ALGORITHMS = [ALGORITHM]
AUDIENCE = "colonnade"
TYPE = "at+jwt"
CURVE = "P-256"

MAXIMUM_TOKEN = 2048
"""Characters a token may have; ours have some 600."""

MAXIMUM_TOKEN_HEADER = 400
"""Characters its first part may have: bounds the JSON that is parsed unverified."""

LEEWAY = 60.0
"""Seconds by which the clocks of two machines may differ, or one be set back (RFC 7519 §4.1.5
speaks of no more than a few minutes); a token that has expired gets none of it."""


def issuer_of(tenant: str) -> str:
    """Return the `iss` of a tenant's tokens."""
    return f"urn:colonnade:tenant:{tenant}"


def new_private_key() -> dict[str, str]:
    """Generate a P-256 key pair, as JWK members (RFC 7518 §6.2)."""
    key = ECKey.generate_key(CURVE, private=True)
    members = key.as_dict(private=True)
    return {name: str(members[name]) for name in ("kty", "crv", "x", "y", "d")}


def public_key_of(key_id: UUID, private_key: Mapping[str, str]) -> JsonWebKey:
    """Return the public half of a key pair, as it is published."""
    return JsonWebKey(
        kty=private_key["kty"],
        crv=private_key["crv"],
        x=private_key["x"],
        y=private_key["y"],
        kid=str(key_id),
        use="sig",
        alg=ALGORITHM,
    )


@dataclass(frozen=True, slots=True)
class Claims:
    """Claims of a verified token."""

    user_id: UUID
    session_id: UUID
    expires_at: float


@dataclass(frozen=True, slots=True)
class SigningKey:
    """Key that signs at this moment, from the store."""

    id: UUID
    private_key: Mapping[str, str]


def issue_access_token(
    key: SigningKey,
    *,
    tenant: str,
    user_id: UUID,
    session_id: UUID,
    now: datetime,
    lifetime: float,
) -> str:
    """Sign an access token; `lifetime` is in seconds."""
    issued_at = int(now.timestamp())
    claims = {
        "iss": issuer_of(tenant),
        "aud": AUDIENCE,
        "sub": str(user_id),
        "sid": str(session_id),
        "iat": issued_at,
        "nbf": issued_at,
        "exp": issued_at + int(lifetime),
        "jti": secrets.token_urlsafe(12),
    }
    header = {"alg": ALGORITHM, "kid": str(key.id), "typ": TYPE}
    return jwt.encode(header, claims, _imported(json.dumps(dict(key.private_key))), ALGORITHMS)


# A key signs many tokens, and importing it parses JSON and checks a curve point.
@lru_cache(maxsize=1024)
def _imported(text: str) -> ECKey:
    return ECKey.import_key(json.loads(text))


def invalid_token(reason: str) -> Unauthenticated:
    """Error for a token that does not authenticate (RFC 6750 §3.1)."""
    challenge = f'Bearer error="invalid_token", error_description="{reason}"'
    return Unauthenticated(f"{reason}.", headers={"WWW-Authenticate": challenge})


def key_id_of(token: str) -> str:
    """Read the `kid` of an unverified token.

    Raises:
        Unauthenticated: it is too long or not a token.
    """
    header = token.partition(".")[0]
    if len(token) > MAXIMUM_TOKEN or len(header) > MAXIMUM_TOKEN_HEADER or not token.isascii():
        raise invalid_token("The access token is not of the form that is issued here")
    try:
        members = _header_of(header)
    except (ValueError, RecursionError):
        raise invalid_token("The access token is not of the form that is issued here") from None
    key_id = members.get("kid")
    if not isinstance(key_id, str):
        raise invalid_token("The access token names no key")
    return key_id


def _header_of(part: str) -> Mapping[str, object]:
    members = json.loads(base64.b64decode(part + "=" * (-len(part) % 4), b"-_", validate=True))
    if not isinstance(members, dict):
        raise ValueError("not an object")
    return members


def verify_access_token(token: str, key: ECKey, *, tenant: str, now: float) -> Claims:
    """Verify that `token` was issued here for this tenant and is valid at `now`.

    Raises:
        Unauthenticated: it was not or is not; the sentence says which.
    """
    try:
        decoded = jwt.decode(token, key, algorithms=ALGORITHMS)
    except (JoseError, ValueError, TypeError):
        raise invalid_token("The access token was not signed by this academy") from None
    claims = decoded.claims
    if decoded.header.get("typ") != TYPE:
        raise invalid_token("The token is not an access token")
    if claims.get("iss") != issuer_of(tenant) or claims.get("aud") != AUDIENCE:
        raise invalid_token("The access token is meant for somewhere else")
    expires_at, issued_at = claims.get("exp"), claims.get("iat")
    if not isinstance(expires_at, int) or not isinstance(issued_at, int):
        raise invalid_token("The access token says not how long it holds")
    if expires_at <= now:
        raise invalid_token("The access token has expired")
    not_before = claims.get("nbf", issued_at)
    if not isinstance(not_before, int):
        raise invalid_token("The access token says not from when it holds")
    if max(issued_at, not_before) > now + LEEWAY:
        raise invalid_token("The access token is from the future")
    try:
        return Claims(UUID(claims["sub"]), UUID(claims["sid"]), float(expires_at))
    except (KeyError, ValueError, TypeError, AttributeError):
        raise invalid_token("The access token names no user and session") from None
