"""What the gateway does with access tokens that are not what they should be."""

import base64
import json

import httpx
import pytest
from joserfc import jwt
from joserfc.jwk import ECKey, KeySet
from user_academy import Academy, claims_of

from colonnade_user.tokens.access_tokens import ALGORITHM, new_private_key

P256_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
"""The order of the group of P-256 (FIPS 186-5; SEC 2 §2.4.2)."""


async def asked_with(academy: Academy, token: str) -> httpx.Response:
    headers = {"Authorization": f"Bearer {token}"}
    return await academy.send("GET", "/users/me", headers=headers)


async def test_the_published_keys_verify_a_token(acme: Academy) -> None:
    ada = await acme.learner()

    response = await acme.get("/auth/jwks")

    keys = KeySet.import_key_set(response.json())
    assert jwt.decode(ada.access_token, keys, algorithms=[ALGORITHM]).claims["sub"] == ada.id
    assert all("d" not in key for key in response.json()["keys"])


async def test_two_academies_have_different_keys(acme: Academy, globex: Academy) -> None:
    first, second = (await acme.get("/auth/jwks")).json(), (await globex.get("/auth/jwks")).json()

    assert {key["kid"] for key in first["keys"]}.isdisjoint(key["kid"] for key in second["keys"])


async def test_another_academys_token_opens_nothing(acme: Academy, globex: Academy) -> None:
    ada = await acme.learner()

    response = await asked_with(globex, ada.access_token)

    assert response.status_code == 401
    assert 'error="invalid_token"' in response.headers["WWW-Authenticate"]


def twin_of(token: str) -> str:
    """The other signature that ECDSA has for the same token: s and n - s both verify."""
    signed, _, signature = token.rpartition(".")
    octets = base64.urlsafe_b64decode(signature + "==")
    s = P256_ORDER - int.from_bytes(octets[32:])
    twin = base64.urlsafe_b64encode(octets[:32] + s.to_bytes(32)).rstrip(b"=")
    return f"{signed}.{twin.decode()}"


async def test_every_writing_of_a_token_ends_with_its_session(acme: Academy) -> None:
    ada = await acme.learner()
    writings = [ada.access_token, twin_of(ada.access_token)]
    assert [(await asked_with(acme, each)).status_code for each in writings] == [200, 200]

    await ada.post("/auth/logout")

    assert [(await asked_with(acme, each)).status_code for each in writings] == [401, 401]


async def test_every_writing_of_a_token_ends_when_its_account_is_suspended(acme: Academy) -> None:
    owner, ada = await acme.owner(), await acme.learner()
    writings = [ada.access_token, twin_of(ada.access_token)]
    assert [(await asked_with(acme, each)).status_code for each in writings] == [200, 200]

    await owner.patch(f"/users/{ada.id}", {"status": "suspended"})

    assert [(await asked_with(acme, each)).status_code for each in writings] == [401, 401]


async def test_a_token_signed_by_somebody_else_opens_nothing(acme: Academy) -> None:
    ada = await acme.learner()
    header = {"alg": ALGORITHM, "kid": _key_id(ada.access_token), "typ": "at+jwt"}
    claims = claims_of(ada.access_token)
    forged = jwt.encode(header, claims, ECKey.import_key(dict(new_private_key())), [ALGORITHM])

    assert (await asked_with(acme, forged)).status_code == 401


@pytest.mark.parametrize(
    "token",
    [
        "x",
        "a.b.c",
        "..",
        "eyJhbGciOiJub25lIn0.e30.",
        "eyJhbGciOiJIUzI1NiIsImtpZCI6IngifQ.e30.AAAA",
        "eyJhbGciOiJFUzI1NiIsImtpZCI6IngifQ.e30.AAAA",
        "x" * 5000,
    ],
)
async def test_what_is_no_token_is_a_401_that_says_so(acme: Academy, token: str) -> None:
    response = await asked_with(acme, token)

    assert response.status_code == 401
    assert response.headers["Content-Type"].startswith("application/problem+json")
    assert response.headers["WWW-Authenticate"].startswith("Bearer")


async def test_without_a_token_one_is_asked_to_sign_in(acme: Academy) -> None:
    response = await acme.get("/users/me")

    assert response.status_code == 401
    assert response.headers["WWW-Authenticate"].startswith("Bearer")


async def test_an_owner_rotates_the_keys_and_nobody_is_signed_out(acme: Academy) -> None:
    owner, ada = await acme.owner(), await acme.learner()

    response = await owner.post("/auth/keys")

    assert response.status_code == 201
    assert len(response.json()["keys"]) == 2
    assert (await ada.get("/users/me")).status_code == 200
    assert await acme.login(ada.email)


async def test_a_learner_rotates_no_keys(acme: Academy) -> None:
    ada = await acme.learner()

    assert (await ada.post("/auth/keys")).status_code == 403


def _key_id(token: str) -> str:
    part = token.split(".")[0]
    return str(json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))["kid"])
