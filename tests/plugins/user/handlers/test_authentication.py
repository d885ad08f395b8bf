"""Signing in, staying signed in, and leaving."""

import asyncio

import pytest
from user_academy import PASSWORD, Academy, Person, claims_of, pointers
from user_bench import UserBench

REPETITION = 10


async def refresh(person: Person, token: str | None = None) -> tuple[int, dict[str, str]]:
    body = {"refresh_token": token or person.tokens["refresh_token"]}
    response = await person.academy.post("/auth/refresh", body)
    return response.status_code, response.json()


async def test_signing_in_gives_a_pair_of_tokens(acme: Academy) -> None:
    ada = await acme.learner()

    assert set(ada.tokens) == {
        "access_token",
        "refresh_token",
        "token_type",
        "expires_in",
        "device_token",
    }
    assert ada.tokens["token_type"] == "Bearer"
    assert ada.tokens["expires_in"] == 900
    claims = claims_of(ada.access_token)
    assert claims["iss"] == "urn:colonnade:tenant:acme"
    assert claims["exp"] - claims["iat"] == 900


async def test_tokens_stay_out_of_caches(acme: Academy) -> None:
    ada = await acme.learner()

    body = {"email": ada.email, "password": PASSWORD}
    response = await acme.post("/auth/login", body)

    assert response.headers["Cache-Control"] == "no-store"


async def test_the_access_token_opens_what_is_ones_own(acme: Academy) -> None:
    ada = await acme.learner()

    response = await ada.get("/users/me")

    assert response.status_code == 200
    assert response.json()["id"] == ada.id
    assert response.json()["email"] == ada.email


async def test_a_wrong_password_and_an_unknown_address_are_answered_alike(acme: Academy) -> None:
    ada = await acme.learner()

    wrong = await acme.post("/auth/login", {"email": ada.email, "password": "wrong horse"})
    unknown = await acme.post("/auth/login", {"email": "eve@x.example", "password": "wrong horse"})

    assert (wrong.status_code, unknown.status_code) == (401, 401)
    same = ("type", "title", "status", "detail")
    assert [wrong.json().get(k) for k in same] == [unknown.json().get(k) for k in same]


async def test_an_account_of_another_academy_does_not_sign_in(
    acme: Academy, globex: Academy
) -> None:
    ada = await acme.learner()

    response = await globex.post("/auth/login", {"email": ada.email, "password": PASSWORD})

    assert response.status_code == 401


async def test_a_refresh_token_brings_a_new_pair(acme: Academy) -> None:
    ada = await acme.learner()

    status, pair = await refresh(ada)

    assert status == 200
    assert pair["refresh_token"] != ada.tokens["refresh_token"]
    renewed = Person(acme, ada.id, ada.email, pair)
    assert renewed.session_id == ada.session_id
    assert (await renewed.get("/users/me")).status_code == 200


async def test_a_refresh_token_that_comes_twice_ends_the_whole_session(
    acme: Academy, bench: UserBench
) -> None:
    ada = await acme.learner()
    _, pair = await refresh(ada)
    renewed = Person(acme, ada.id, ada.email, pair)
    bench.clock.advance(seconds=REPETITION + 1)

    status, problem = await refresh(ada)

    assert status == 401
    assert problem["type"].endswith("user.session_over")
    assert (await refresh(renewed))[0] == 401
    assert (await renewed.get("/users/me")).status_code == 401


async def test_another_session_of_the_same_person_survives_it(
    acme: Academy, bench: UserBench
) -> None:
    ada = await acme.learner()
    elsewhere = await acme.login(ada.email)
    await refresh(ada)
    bench.clock.advance(seconds=REPETITION + 1)

    assert (await refresh(ada))[0] == 401

    assert (await elsewhere.get("/users/me")).status_code == 200


async def test_a_client_that_lost_the_answer_gets_it_again(acme: Academy, bench: UserBench) -> None:
    ada = await acme.learner()
    _, first = await refresh(ada)
    bench.clock.advance(seconds=REPETITION - 1)

    status, again = await refresh(ada)

    assert (status, again["refresh_token"]) == (200, first["refresh_token"])
    renewed = Person(acme, ada.id, ada.email, again)
    assert renewed.session_id == ada.session_id
    status, pair = await refresh(renewed)
    assert (status, pair["refresh_token"] != first["refresh_token"]) == (200, True)


async def test_of_several_refreshes_at_once_all_get_the_same_token(acme: Academy) -> None:
    ada = await acme.learner()

    answers = await asyncio.gather(*(refresh(ada) for _ in range(6)))

    assert [status for status, _ in answers] == [200] * 6
    assert len({pair["refresh_token"] for _, pair in answers}) == 1


async def test_a_token_before_the_last_ends_the_session_at_once(acme: Academy) -> None:
    ada = await acme.learner()
    _, second = await refresh(ada)
    _, third = await refresh(Person(acme, ada.id, ada.email, second))

    assert (await refresh(ada))[0] == 401
    assert (await refresh(Person(acme, ada.id, ada.email, third)))[0] == 401


async def test_who_repeats_it_from_another_network_is_not_the_same_client(acme: Academy) -> None:
    ada = await acme.learner()
    body = {"refresh_token": ada.tokens["refresh_token"]}
    here, there = {"X-Forwarded-For": "192.0.2.7"}, {"X-Forwarded-For": "198.51.100.7"}
    first = await acme.send("POST", "/auth/refresh", body, headers=here)
    assert first.status_code == 200

    assert (await acme.send("POST", "/auth/refresh", body, headers=there)).status_code == 401
    again = {"refresh_token": first.json()["refresh_token"]}
    assert (await acme.send("POST", "/auth/refresh", again, headers=here)).status_code == 401


@pytest.mark.parametrize("config", [{"refresh_repetition": "0s"}])
async def test_a_platform_may_allow_no_repetition(acme: Academy, bench: UserBench) -> None:
    ada = await acme.learner()
    await refresh(ada)
    bench.clock.advance(seconds=1)
    assert (await refresh(ada))[0] == 401


@pytest.mark.parametrize("token", ["x", "x" * 200, "\u00e9", "\ud83d\ude00"])
async def test_an_invented_refresh_token_is_refused(acme: Academy, token: str) -> None:
    response = await acme.post("/auth/refresh", {"refresh_token": token})

    assert response.status_code == 401


@pytest.mark.parametrize("token", ["", "x" * 201, 7, None])
async def test_what_cannot_be_a_refresh_token_is_named(acme: Academy, token: object) -> None:
    response = await acme.post("/auth/refresh", {"refresh_token": token})

    assert response.status_code == 422
    assert pointers(response) == {"/refresh_token"}


async def test_a_refresh_token_of_another_academy_is_refused(
    acme: Academy, globex: Academy
) -> None:
    ada = await acme.learner()

    body = {"refresh_token": ada.tokens["refresh_token"]}
    response = await globex.post("/auth/refresh", body)

    assert response.status_code == 401
    assert (await refresh(ada))[0] == 200


async def test_logging_out_ends_the_session_at_once(acme: Academy) -> None:
    ada = await acme.learner()

    response = await ada.post("/auth/logout", {})

    assert response.status_code == 204
    assert response.content == b""
    assert (await ada.get("/users/me")).status_code == 401
    assert (await refresh(ada))[0] == 401


async def test_logging_out_needs_no_body(acme: Academy) -> None:
    ada = await acme.learner()

    assert (await ada.post("/auth/logout")).status_code == 204
    assert (await ada.get("/users/me")).status_code == 401


async def test_logging_out_works_with_the_refresh_token_alone(acme: Academy) -> None:
    ada = await acme.learner()

    body = {"refresh_token": ada.tokens["refresh_token"]}
    response = await acme.post("/auth/logout", body)
    again = await acme.post("/auth/logout", body)

    assert (response.status_code, again.status_code) == (204, 204)
    assert (await ada.get("/users/me")).status_code == 401


async def test_nobody_logs_out_without_any_token(acme: Academy) -> None:
    assert (await acme.post("/auth/logout", {})).status_code == 401


async def test_somebody_sees_their_sessions_newest_first(acme: Academy) -> None:
    ada = await acme.learner()
    elsewhere = await acme.login(ada.email)
    await acme.learner("Eve")

    items = (await ada.get("/sessions")).json()["items"]

    assert [item["id"] for item in items] == [elsewhere.session_id, ada.session_id]
    assert [item["current"] for item in items] == [False, True]


async def test_somebody_ends_another_session_of_theirs(acme: Academy) -> None:
    ada = await acme.learner()
    elsewhere = await acme.login(ada.email)

    response = await ada.delete(f"/sessions/{elsewhere.session_id}")

    assert response.status_code == 204
    assert (await elsewhere.get("/users/me")).status_code == 401
    assert (await ada.get("/users/me")).status_code == 200


async def test_anothers_session_is_not_there(acme: Academy) -> None:
    ada, eve = await acme.learner(), await acme.learner("Eve")

    response = await eve.delete(f"/sessions/{ada.session_id}")

    assert response.status_code == 404
    assert (await ada.get("/users/me")).status_code == 200


async def test_a_new_password_ends_all_other_sessions(acme: Academy) -> None:
    ada = await acme.learner()
    elsewhere = await acme.login(ada.email)

    body = {"current_password": PASSWORD, "new_password": "battery staple"}
    response = await ada.post("/auth/password", body)

    assert response.status_code == 204
    assert (await ada.get("/users/me")).status_code == 200
    assert (await elsewhere.get("/users/me")).status_code == 401
    assert await acme.login(ada.email, "battery staple")
    old = await acme.post("/auth/login", {"email": ada.email, "password": PASSWORD})
    assert old.status_code == 401


async def test_a_new_password_needs_the_current_one(acme: Academy) -> None:
    ada = await acme.learner()

    body = {"current_password": "wrong horse", "new_password": "battery staple"}
    response = await ada.post("/auth/password", body)

    assert response.status_code == 422
    assert pointers(response) == {"/current_password"}
    assert await acme.login(ada.email)


async def test_strangers_change_no_password(acme: Academy) -> None:
    body = {"current_password": PASSWORD, "new_password": "battery staple"}

    assert (await acme.post("/auth/password", body)).status_code == 401


async def test_the_longest_unused_of_fifty_sessions_makes_room(acme: Academy) -> None:
    ada = await acme.learner()
    for _ in range(50):
        newest = await acme.login(ada.email)

    assert (await ada.get("/users/me")).status_code == 401
    items = (await newest.get("/sessions?limit=100")).json()["items"]
    assert len(items) == 50
