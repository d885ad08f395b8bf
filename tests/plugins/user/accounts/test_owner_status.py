"""How an owner signs in is told from the account itself."""

import pytest
from user_academy import OWNER_PASSWORD, Academy
from user_bench import Bench, BenchContext

from colonnade.errors import ColonnadeError
from colonnade.services import OwnerStanding
from colonnade_user.accounts.owner_status import owner_standing
from colonnade_user.api import SetOwnerPassword

NEW = "an entirely new one"


async def standing(bench: Bench, context: BenchContext, declared: str | None) -> object:
    found: list[object] = []

    async def look() -> None:
        found.append(await owner_standing(context, declared))  # type: ignore[arg-type]

    await bench.run("acme", look)
    return found[0]


async def test_the_declared_password_is_held_against_the_account(
    bench: Bench, context: BenchContext
) -> None:
    assert await standing(bench, context, OWNER_PASSWORD) is OwnerStanding.DECLARED
    assert await standing(bench, context, "another since") is OwnerStanding.DIFFERS
    assert await standing(bench, context, None) is OwnerStanding.MADE_UP


async def test_a_password_that_was_set_since_is_told(
    acme: Academy, bench: Bench, context: BenchContext
) -> None:
    await acme.owner()
    context.clock.forward(1)
    await bench.as_service("acme", "operator", SetOwnerPassword(password=NEW))

    assert await standing(bench, context, OWNER_PASSWORD) is OwnerStanding.CHANGED
    assert await standing(bench, context, None) is OwnerStanding.CHANGED
    assert await standing(bench, context, NEW) is OwnerStanding.DECLARED


async def test_a_new_password_from_the_operator_ends_the_owners_sessions(
    acme: Academy, bench: Bench
) -> None:
    owner = await acme.owner()

    changed = await bench.as_service("acme", "operator", SetOwnerPassword(password=NEW))

    assert changed.email == "Owner@acme.example"
    assert (await owner.get("/users/me")).status_code == 401
    assert await acme.login(owner.email, NEW)


async def test_the_operator_sets_owners_passwords_only(acme: Academy, bench: Bench) -> None:
    ada = await acme.learner()

    for email in (ada.email, "nobody@people.example"):
        with pytest.raises(ColonnadeError):
            await bench.as_service("acme", "operator", SetOwnerPassword(password=NEW, email=email))
    assert await acme.login(ada.email)
