"""Rows of the user service follow from how many people there are, not from how long they stay."""

import secrets
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import func, select, update
from user_academy import Academy, Person
from user_bench import UserBench

from colonnade.store import Session
from colonnade_user.models import RefreshTokenRow, SessionRow
from colonnade_user.tokens.refresh_tokens import digest_of


def rows(model: Any, **conditions: Any) -> Any:
    def count(session: Session) -> int:
        found = session.scalar(select(func.count()).select_from(model).filter_by(**conditions))
        return int(found or 0)

    return count


async def refreshed(person: Person, token: str | None = None) -> Person:
    body = {"refresh_token": token or person.tokens["refresh_token"]}
    response = await person.academy.post("/auth/refresh", body)
    assert response.status_code == 200, response.text
    return Person(person.academy, person.id, person.email, response.json())


async def test_a_session_keeps_one_token_however_often_it_is_refreshed(
    acme: Academy, bench: UserBench
) -> None:
    ada = first = await acme.learner()
    for _ in range(20):
        ada = await refreshed(ada)

    kept = await bench.read(rows(RefreshTokenRow, session_id=UUID(ada.session_id)))

    assert kept == 1
    assert ada.session_id == first.session_id


async def test_the_very_first_token_is_recognised_when_it_comes_back_after_many(
    acme: Academy,
) -> None:
    ada = await acme.learner()
    newest = ada
    for _ in range(20):
        newest = await refreshed(newest)

    body = {"refresh_token": ada.tokens["refresh_token"]}
    assert (await acme.post("/auth/refresh", body)).status_code == 401
    assert (await newest.get("/users/me")).status_code == 401


async def test_a_guess_at_somebodys_token_ends_no_session(acme: Academy) -> None:
    ada = await acme.learner()
    guess = secrets.token_urlsafe(51)

    assert (await acme.post("/auth/refresh", {"refresh_token": guess})).status_code == 401
    assert (await ada.get("/users/me")).status_code == 200


async def test_a_session_from_before_there_were_families_goes_on_and_tells_reuse(
    acme: Academy, bench: UserBench
) -> None:
    ada = await acme.learner()
    old = secrets.token_urlsafe(32)
    session_id = UUID(ada.session_id)

    def go_back(session: Session) -> None:
        session.execute(
            update(RefreshTokenRow)
            .where(RefreshTokenRow.session_id == session_id)
            .values(digest=digest_of(old))
        )
        session.execute(update(SessionRow).where(SessionRow.id == session_id).values(family=None))

    await bench.run(go_back)

    renewed = await refreshed(await refreshed(ada, old))
    assert renewed.session_id == ada.session_id
    assert (await renewed.get("/users/me")).status_code == 200
    assert (await acme.post("/auth/refresh", {"refresh_token": old})).status_code == 401
    assert (await renewed.get("/users/me")).status_code == 401


async def test_sessions_that_ended_by_themselves_are_forgotten(
    acme: Academy, bench: UserBench
) -> None:
    ada, grace = await acme.learner(), await acme.learner("Grace")
    gone = UUID(ada.session_id)

    def expire(session: Session) -> None:
        row = session.get_one(SessionRow, gone)
        row.expires_at = session.now - timedelta(seconds=1)

    await bench.run(expire)
    await bench.run_schedule("prune")
    assert await bench.read(rows(SessionRow, id=gone)) == 0
    assert await bench.read(rows(RefreshTokenRow, session_id=gone)) == 0
    assert await bench.read(rows(SessionRow, id=UUID(grace.session_id))) == 1


async def test_an_academy_has_as_many_signing_keys_as_clients_can_fetch(acme: Academy) -> None:
    owner = await acme.owner()

    answers = [await owner.post("/auth/keys") for _ in range(9)]

    assert [answer.status_code for answer in answers] == [201] * 7 + [429] * 2
    assert 0 < int(answers[-1].headers["Retry-After"]) <= 3700
    assert len((await acme.get("/auth/jwks")).json()["keys"]) == 8
