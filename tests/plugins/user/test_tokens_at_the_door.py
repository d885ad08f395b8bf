"""What the gateway does with access tokens that are not what they should be."""

import base64
import json

import httpx
import pytest
from joserfc import jwt
from joserfc.jwk import ECKey, KeySet
from user_academy import Academy, claims_of

from colonnade_user.tokens import ALGORITHM, new_private_key


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
