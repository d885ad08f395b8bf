"""Passwords that everybody tries first are nobody's password."""

from importlib.resources import files

import pytest
from hypothesis import given
from hypothesis import strategies as st
from user_academy import PASSWORD, Academy, pointers

from colonnade.errors import ValidationFailed
from colonnade_user.passwords.rules import check_password, common_passwords, folded

NAMES = ("ada.lovelace@people.example", "Ada Lovelace", "acme", "Acme Academy")


def refused(password: str) -> bool:
    try:
        check_password(password, pointer="/password", names=NAMES)
    except ValidationFailed as error:
        assert [(item.pointer, item.code) for item in error.fields] == [
            ("/password", "common_password")
        ]
        return True
    return False


@pytest.mark.parametrize(
    "password",
    [
        "password",
        "PassWord",
        "12345678",
        "QWERTYUIOP",
        "iloveyou",
        "\uff50\uff41\uff53\uff53\uff57\uff4f\uff52\uff44",  # full-width letters
        "pa\u017f\u017fword",  # the long s
        "ada.lovelace",
        "ada.lovelace1",
        "ADA.LOVELACE!!",
        "ada.lovelace@people.example",
        "Lovelace1815",
        "Ada Lovelace",
        "AdaLovelace",
        "acme2026",
        "!!Academy!!",
        "Acme Academy 1",
        "aaaaaaaa",
        "((((((((",
        "abababababa",
        "        ",
        "\x00" * 8,
        "abcdefgh",
        "98765432",
    ],
)
def test_what_is_tried_first_is_refused_however_it_is_written(password: str) -> None:
    assert refused(password)


@pytest.mark.parametrize(
    "password", ["correct horse", "12345678!x7", "a day at the academy", "abcdefgg", "9017345162"]
)
def test_what_is_a_password_of_ones_own_is_not(password: str) -> None:
    assert not refused(password)


@given(st.sampled_from(sorted(common_passwords())), st.randoms())
def test_every_common_password_is_refused_in_any_case(password: str, random: object) -> None:
    mixed = "".join(letter.upper() if random.random() < 0.5 else letter for letter in password)  # type: ignore[attr-defined]

    assert refused(mixed)


def test_the_list_is_long_folded_and_names_where_it_is_from() -> None:
    assert len(common_passwords()) > 10_000
    assert all(word == folded(word) and len(word) >= 8 for word in common_passwords())
    licence = files("colonnade_user.passwords").joinpath("common_passwords.license.txt")
    assert "MIT License" in licence.read_text("utf-8")


async def test_nobody_registers_with_a_common_password(acme: Academy) -> None:
    body = {"email": "ada@people.example", "password": "Password1", "name": "Ada"}

    response = await acme.post("/auth/register", body)

    assert response.status_code == 422
    assert pointers(response) == {"/password"}


async def test_nobody_changes_to_a_common_password(acme: Academy) -> None:
    ada = await acme.learner()
    for chosen in ("football", ada.email, "Acme12345"):
        body = {"current_password": PASSWORD, "new_password": chosen}

        response = await ada.post("/auth/password", body)

        assert response.status_code == 422
        assert pointers(response) == {"/new_password"}
    assert await acme.login(ada.email)


async def test_who_has_a_common_password_from_before_still_signs_in(acme: Academy) -> None:
    """The list grows; nobody is locked out by it."""
    answer = await acme.post("/auth/login", {"email": "x@y.example", "password": "password"})

    assert answer.status_code == 401
