"""How an owner signs in is told from the account itself."""

import pytest
from user_academy import OWNER_PASSWORD, Academy
from user_bench import UserBench

from colonnade.errors import ColonnadeError
from colonnade.services import OwnerStanding
from colonnade_user.accounts.owner_status import owner_standing
from colonnade_user.api import SetOwnerPassword

NEW = "an entirely new one"


async def standing(bench: UserBench, declared: str | None) -> object:
    with bench.acting("acme"):
        return await owner_standing(bench.service_context(), declared)


async def test_the_declared_password_is_held_against_the_account(bench: UserBench) -> None:
    assert await standing(bench, OWNER_PASSWORD) is OwnerStanding.DECLARED
    assert await standing(bench, "another since") is OwnerStanding.DIFFERS
    assert await standing(bench, None) is OwnerStanding.MADE_UP


async def test_a_password_that_was_set_since_is_told(acme: Academy, bench: UserBench) -> None:
    await acme.owner()
    bench.clock.advance(seconds=1)
    await bench.as_service("acme", "operator", SetOwnerPassword(password=NEW))

    assert await standing(bench, OWNER_PASSWORD) is OwnerStanding.CHANGED
    assert await standing(bench, None) is OwnerStanding.CHANGED
    assert await standing(bench, NEW) is OwnerStanding.DECLARED


async def test_a_new_password_from_the_operator_ends_the_owners_sessions(
    acme: Academy, bench: UserBench
) -> None:
    owner = await acme.owner()

    changed = await bench.as_service("acme", "operator", SetOwnerPassword(password=NEW))

    assert changed.email == "Owner@acme.example"
    assert (await owner.get("/users/me")).status_code == 401
    assert await acme.login(owner.email, NEW)


async def test_the_operator_sets_owners_passwords_only(acme: Academy, bench: UserBench) -> None:
    ada = await acme.learner()

    for email in (ada.email, "nobody@people.example"):
        with pytest.raises(ColonnadeError):
            await bench.as_service("acme", "operator", SetOwnerPassword(password=NEW, email=email))
    assert await acme.login(ada.email)
