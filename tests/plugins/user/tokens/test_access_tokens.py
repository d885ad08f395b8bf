"""Access tokens say who somebody is to one academy, for a quarter of an hour."""

import base64
import hmac
import json
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from joserfc import jwt
from joserfc.jwk import ECKey

from colonnade.errors import Unauthenticated
from colonnade.identifiers import new_id
from colonnade_user.tokens.access_tokens import (
    ALGORITHM,
    AUDIENCE,
    MAXIMUM_TOKEN,
    TYPE,
    SigningKey,
    issue_access_token,
    issuer_of,
    key_id_of,
    new_private_key,
    public_key_of,
    verify_access_token,
)

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
KEY = SigningKey(new_id(), new_private_key())
PUBLIC = ECKey.import_key(public_key_of(KEY.id, KEY.private_key).model_dump())
USER = new_id()
SESSION = new_id()


def token(**changes: Any) -> str:
    """A token signed with the academy's key; `changes` replace claims, None removes one."""
    issued_at = int(NOW.timestamp())
    claims = {
        "iss": issuer_of("acme"),
        "aud": AUDIENCE,
        "sub": str(USER),
        "sid": str(SESSION),
        "iat": issued_at,
        "exp": issued_at + 900,
    }
    claims |= changes
    kept = {name: value for name, value in claims.items() if value is not None}
    header = {"alg": ALGORITHM, "kid": str(KEY.id), "typ": TYPE}
    return jwt.encode(header, kept, ECKey.import_key(dict(KEY.private_key)), [ALGORITHM])


def verified(text: str, *, tenant: str = "acme", after: float = 1.0) -> Any:
    return verify_access_token(text, PUBLIC, tenant=tenant, now=NOW.timestamp() + after)


def test_a_token_says_who_it_is_for_and_of_which_session() -> None:
    issued = issue_access_token(
        KEY, tenant="acme", user_id=USER, session_id=SESSION, now=NOW, lifetime=900
    )

    claims = verified(issued)

    assert (claims.user_id, claims.session_id) == (USER, SESSION)
    assert claims.expires_at == NOW.timestamp() + 900


def test_a_token_names_issuer_audience_times_and_key() -> None:
    issued = issue_access_token(
        KEY, tenant="acme", user_id=USER, session_id=SESSION, now=NOW, lifetime=900
    )

    decoded = jwt.decode(issued, PUBLIC, algorithms=[ALGORITHM])

    assert decoded.header == {"alg": "ES256", "kid": str(KEY.id), "typ": "at+jwt"}
    assert decoded.claims["iss"] == "urn:colonnade:tenant:acme"
    assert decoded.claims["exp"] - decoded.claims["iat"] == 900
    assert set(decoded.claims) == {"iss", "aud", "sub", "sid", "iat", "nbf", "exp", "jti"}


def test_two_tokens_are_never_the_same() -> None:
    first, second = (
        issue_access_token(
            KEY, tenant="acme", user_id=USER, session_id=SESSION, now=NOW, lifetime=900
        )
        for _ in range(2)
    )

    assert first != second


def test_a_token_ends_to_the_second() -> None:
    verified(token(), after=899.9)
    with pytest.raises(Unauthenticated, match="expired"):
        verified(token(), after=900)


def test_a_token_holds_a_little_before_its_time_when_clocks_differ() -> None:
    soon = int(NOW.timestamp()) + 30

    assert verified(token(iat=soon, nbf=soon)).user_id == USER


def test_a_token_without_a_beginning_holds_from_when_it_was_issued() -> None:
    assert verified(token(nbf=None)).user_id == USER


@pytest.mark.parametrize(
    "changes",
    [
        {"iss": issuer_of("globex")},
        {"iss": None},
        {"aud": "elsewhere"},
        {"aud": None},
        {"aud": [AUDIENCE]},
        {"exp": None},
        {"exp": "tomorrow"},
        {"exp": True},
        {"exp": 1e300},
        {"iat": None},
        {"iat": int(NOW.timestamp()) + 3600},
        {"nbf": int(NOW.timestamp()) + 3600},
        {"nbf": "now"},
        {"nbf": float("nan")},
        {"sub": None},
        {"sub": "ada"},
        {"sub": 7},
        {"sid": None},
        {"sid": ["x"]},
    ],
)
def test_a_signed_token_with_a_wrong_claim_is_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(Unauthenticated):
        verified(token(**changes))


def test_another_academys_token_is_refused_under_the_same_key() -> None:
    with pytest.raises(Unauthenticated, match="somewhere else"):
        verified(token(), tenant="globex")


def test_a_token_signed_with_another_key_is_refused() -> None:
    other = SigningKey(KEY.id, new_private_key())
    forged = issue_access_token(
        other, tenant="acme", user_id=USER, session_id=SESSION, now=NOW, lifetime=900
    )

    with pytest.raises(Unauthenticated, match="not signed by this academy"):
        verified(forged)


def test_a_token_without_signature_is_refused() -> None:
    header = _part({"alg": "none", "kid": str(KEY.id), "typ": TYPE})
    payload = token().split(".")[1]

    with pytest.raises(Unauthenticated):
        verified(f"{header}.{payload}.")


def test_a_token_signed_with_the_public_key_as_a_shared_secret_is_refused() -> None:
    header = _part({"alg": "HS256", "kid": str(KEY.id), "typ": TYPE})
    signed = f"{header}.{token().split('.')[1]}"
    secret = PUBLIC.as_pem(private=False)
    mac = base64.urlsafe_b64encode(hmac.digest(secret, signed.encode(), "sha256")).rstrip(b"=")

    with pytest.raises(Unauthenticated):
        verified(f"{signed}.{mac.decode()}")


def test_a_signed_token_of_another_type_is_refused() -> None:
    header = {"alg": ALGORITHM, "kid": str(KEY.id), "typ": "JWT"}
    claims = jwt.decode(token(), PUBLIC, algorithms=[ALGORITHM]).claims
    other = jwt.encode(header, claims, ECKey.import_key(dict(KEY.private_key)), [ALGORITHM])

    with pytest.raises(Unauthenticated, match="not an access token"):
        verified(other)


def test_a_refusal_tells_the_client_by_rfc_6750() -> None:
    with pytest.raises(Unauthenticated) as refused:
        verified(token(), after=10_000)

    challenge = refused.value.headers["WWW-Authenticate"]
    assert challenge.startswith('Bearer error="invalid_token"')
    assert "expired" in challenge


@pytest.mark.parametrize(
    "text",
    [
        "",
        "x",
        "a.b.c",
        "..",
        "é.b.c",
        "bnVsbA.e30.AA",
        "W10.e30.AA",
        base64.urlsafe_b64encode(b"[" * 290).decode() + ".e30.AA",
        "x" * (MAXIMUM_TOKEN + 1),
        "eyJhbGciOiJFUzI1NiJ9.e30.AA",
    ],
)
def test_what_is_no_token_names_no_key(text: str) -> None:
    with pytest.raises(Unauthenticated):
        key_id_of(text)


def test_the_key_of_a_token_is_known_before_it_is_verified() -> None:
    assert key_id_of(token()) == str(KEY.id)


@given(st.text(max_size=300))
def test_any_text_is_refused_as_unauthenticated(text: str) -> None:
    with pytest.raises(Unauthenticated):
        verified(text)


@given(st.text(max_size=300))
def test_any_text_names_a_key_or_is_refused(text: str) -> None:
    try:
        assert isinstance(key_id_of(text), str)
    except Unauthenticated as refused:
        assert "WWW-Authenticate" in refused.headers


@given(st.dictionaries(st.text(max_size=8), st.none() | st.integers() | st.text(max_size=8)))
def test_any_header_over_a_true_signature_is_refused(header: dict[str, Any]) -> None:
    _, payload, signature = token().split(".")

    with pytest.raises(Unauthenticated):
        verified(f"{_part(header)}.{payload}.{signature}")


@given(st.integers(min_value=0, max_value=2000), st.integers(min_value=1, max_value=255))
def test_a_changed_token_is_refused(position: int, change: int) -> None:
    raw = bytearray(token().encode())
    place = position % len(raw)
    raw[place] = (raw[place] + change) % 128

    changed = raw.decode()
    try:
        claims = verified(changed)
    except Unauthenticated:
        return
    # The last character of a base64url text has bits that mean nothing.
    assert claims.user_id == USER


def test_the_published_key_has_no_private_part() -> None:
    published = public_key_of(KEY.id, KEY.private_key).model_dump()

    assert "d" not in published
    assert UUID(published["kid"]) == KEY.id


def _part(members: dict[str, Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(members).encode()).rstrip(b"=").decode()
