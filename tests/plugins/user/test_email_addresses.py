"""Addresses are kept in one form, so that one person is registered once."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from colonnade_user.api import MAXIMUM_EMAIL, Login, normalise_email


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("Ada@Example.COM", "ada@example.com"),
        ("ada+courses@example.com", "ada+courses@example.com"),
        ("ada@xn--strae-oqa.example", "ada@straße.example"),
        ("ada@STRASSE.example", "ada@strasse.example"),
        ("ADA@acme.test", "ada@acme.test"),
        ("owner@acme.localhost", "owner@acme.localhost"),
    ],
)
def test_an_address_is_kept_in_lower_case_with_its_domain_in_unicode(
    written: str, kept: str
) -> None:
    assert normalise_email(written) == kept


def test_domains_that_only_look_alike_when_folded_stay_apart() -> None:
    assert normalise_email("ada@straße.example") != normalise_email("ada@strasse.example")


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
