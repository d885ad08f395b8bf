"""Accounts of the first schema, whose addresses were kept folded, are still their owners'."""

import sqlite3
import unicodedata
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import Connection, create_engine, text
from user_academy import PASSWORD, Academy
from user_bench import UserBench

from colonnade.rows import PLACEHOLDER_SCHEMA
from colonnade_runtime.adapters.store.migrations import discover_migrations

FOLDED = ("weiss@people.example", "νίκοσ@people.example", "ada@people.example")


@pytest.fixture
def migrated(tmp_path: Path) -> Iterator[Connection]:
    """A store that had people in it when the second migration came."""
    plan = discover_migrations("colonnade_user.migrations").migrations
    engine = create_engine(f"sqlite:///{tmp_path / 'old.sqlite'}")
    with engine.begin() as connection:
        translated = connection.execution_options(schema_translate_map={PLACEHOLDER_SCHEMA: None})
        plan[0].upgrade(translated)
        for number, email in enumerate(FOLDED):
            connection.execute(
                text(
                    "INSERT INTO users VALUES (:id, :email, 'A', 'a', 'learner', 'active', 1, "
                    "'2026-01-01 00:00:00', '2026-01-01 00:00:00')"
                ),
                {"id": f"{number:032x}", "email": email},
            )
        for migration in plan[1:]:
            migration.upgrade(translated)
        yield connection
    engine.dispose()


def test_every_account_keeps_its_address_and_gets_its_compared_form(migrated: Connection) -> None:
    query = text("SELECT email, folded_email, casefolded_email, email_verified_at FROM users")

    assert set(migrated.execute(query).all()) == {
        (email, email.lower(), email, None) for email in FOLDED
    }


def test_names_are_found_in_either_composition(tmp_path: Path) -> None:
    migrations = discover_migrations("colonnade_user.migrations").migrations
    engine = create_engine(f"sqlite:///{tmp_path / 'old.sqlite'}")
    decomposed = unicodedata.normalize("NFD", "Zoë")
    with engine.begin() as connection:
        translated = connection.execution_options(schema_translate_map={PLACEHOLDER_SCHEMA: None})
        migrations[0].upgrade(translated)
        connection.execute(
            text(
                "INSERT INTO users VALUES (:id, 'z@people.example', :name, :folded, 'learner', "
                "'active', 1, '2026-01-01 00:00:00', '2026-01-01 00:00:00')"
            ),
            {"id": f"{1:032x}", "name": decomposed, "folded": decomposed.casefold()},
        )
        for migration in migrations[1:]:
            migration.upgrade(translated)
        found = connection.execute(text("SELECT name, folded_name FROM users")).one()
    engine.dispose()
    assert tuple(found) == (decomposed, "zoë")


async def test_people_sign_in_with_the_spelling_that_is_theirs(
    acme: Academy, bench: UserBench
) -> None:
    """What was given as `weiß@` is kept as `weiss@`; what was given then is not known any more."""
    body = {"email": "weiss@people.example", "password": PASSWORD, "name": "W"}
    await acme.post("/auth/register", body)
    store = next(file for file in bench.folder.rglob("user.*") if file.parent.name == "acme")
    with closing(sqlite3.connect(store)) as connection:
        connection.execute("UPDATE users SET casefolded_email = email WHERE email LIKE 'weiss%'")
        connection.commit()

    assert await acme.login("weiß@people.example")
    assert await acme.login("WEISS@people.example")
    newcomer = await acme.post("/auth/register", body | {"email": "weiß@people.example"})
    assert newcomer.status_code == 201


async def test_people_whose_spelling_is_kept_are_nobody_elses(acme: Academy) -> None:
    body = {"email": "weiss@people.example", "password": PASSWORD, "name": "W"}
    await acme.post("/auth/register", body)

    other = await acme.post("/auth/login", {"email": "weiß@people.example", "password": PASSWORD})

    assert other.status_code == 401
