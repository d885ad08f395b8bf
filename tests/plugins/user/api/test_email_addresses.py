"""Addresses are kept as they were given, and compared in a form beside."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from colonnade_user.api import MAXIMUM_EMAIL, Login, fold_email, normalise_email


@pytest.mark.parametrize(
    "given",
    [
        "Ada@Example.COM",
        "ada+courses@example.com",
        "weiß@example.org",
        "νίκος@example.org",
        "ΝΊΚΟΣ@example.org",
        "İpek@example.org",
        "ada@STRASSE.example",
        "ada@straße.example",
        "ADA@acme.test",
        "owner@acme.localhost",
    ],
)
def test_an_address_is_kept_as_it_was_given(given: str) -> None:
    assert normalise_email(given) == given


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("ada@xn--strae-oqa.example", "ada@straße.example"),
        ("ada@ｅxample.com", "ada@example.com"),
        (unicodedata.normalize("NFD", "zoë@example.org"), "zoë@example.org"),
    ],
)
def test_what_every_mail_system_reads_alike_is_kept_in_one_spelling(given: str, kept: str) -> None:
    assert normalise_email(given) == kept


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Ada@Example.COM", "ada@example.com"),
        ("WEIẞ@example.org", "weiß@example.org"),
        ("ΝΊΚΟΣ@example.org", "νίκος@example.org"),
        ("ada@STRAẞE.example", "ada@straße.example"),
        ("ZOË@example.org", "zoë@example.org"),
    ],
)
def test_upper_and_lower_case_are_one_address(one: str, other: str) -> None:
    assert fold_email(normalise_email(one)) == fold_email(normalise_email(other))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("weiß@example.org", "weiss@example.org"),
        ("νίκος@example.org", "νίκοσ@example.org"),
        ("ſam@example.org", "sam@example.org"),
        ("ada@straße.example", "ada@strasse.example"),
        ("ıpek@example.org", "ipek@example.org"),
    ],
)
def test_letters_that_only_folding_makes_alike_are_two_addresses(one: str, other: str) -> None:
    assert fold_email(normalise_email(one)) != fold_email(normalise_email(other))


@given(st.emails())
def test_folding_twice_is_folding_once(address: str) -> None:
    assert fold_email(fold_email(address)) == fold_email(address)


@pytest.mark.parametrize(
    "written",
    [
        "",
        "ada",
        "ada@",
        "@example.com",
        "ada@example",
        "ada@.test",
        "ada@b..com",
        "ada b@example.com",
        '"ada b"@example.com',
        "ada@[127.0.0.1]",
        "Ada <ada@example.com>",
        "ada@example.com\r\nBcc: eve@example.com",
        "ada@example.com\x00",
        "a.test",
        "test",
    ],
)
def test_what_is_no_address_is_refused_with_a_sentence(written: str) -> None:
    with pytest.raises(ValueError, match="is not an e-mail address"):
        normalise_email(written)


def test_an_address_of_more_than_254_characters_is_refused() -> None:
    long = "a" * 60 + "@" + ".".join(["b" * 60] * 4) + ".example"

    with pytest.raises(ValidationError):
        Login.model_validate({"email": long, "password": "secret"})


@given(st.emails())
def test_normalising_twice_is_normalising_once(address: str) -> None:
    try:
        once = normalise_email(address)
    except ValueError:
        return

    assert normalise_email(once) == once
    assert len(once) <= MAXIMUM_EMAIL


@given(st.text(max_size=80))
def test_any_text_is_an_address_or_a_value_error(text: str) -> None:
    try:
        kept = normalise_email(text)
    except ValueError:
        return

    assert "@" in kept
