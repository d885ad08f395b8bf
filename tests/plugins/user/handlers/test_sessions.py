"""Leaving every place where one is signed in, with one request."""

import pytest
from user_academy import Academy


async def test_signing_out_everywhere_ends_every_session_of_ones_own(acme: Academy) -> None:
    ada, grace = await acme.learner(), await acme.learner("Grace")
    elsewhere = await acme.login(ada.email)

    response = await ada.delete("/sessions")

    assert response.status_code == 204
    for person, status in ((ada, 401), (elsewhere, 401), (grace, 200)):
        assert (await person.get("/users/me")).status_code == status
    body = {"refresh_token": elsewhere.tokens["refresh_token"]}
    assert (await acme.post("/auth/refresh", body)).status_code == 401


async def test_the_session_that_asks_can_go_on(acme: Academy) -> None:
    ada = await acme.learner()
    elsewhere = await acme.login(ada.email)

    response = await ada.delete("/sessions?keep_current=true")

    assert response.status_code == 204
    assert (await ada.get("/users/me")).status_code == 200
    assert (await elsewhere.get("/users/me")).status_code == 401
    assert len((await ada.get("/sessions")).json()["items"]) == 1


@pytest.mark.parametrize("query", ["keep_current=perhaps", "keep=1"])
async def test_what_to_keep_is_said_in_words_that_are_known(acme: Academy, query: str) -> None:
    ada = await acme.learner()

    assert (await ada.delete(f"/sessions?{query}")).status_code in {400, 422}
    assert (await ada.get("/users/me")).status_code == 200


async def test_strangers_sign_nobody_out(acme: Academy) -> None:
    assert (await acme.send("DELETE", "/sessions")).status_code == 401
