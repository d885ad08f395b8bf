"""What an unquoted scalar means."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from colonnade_runtime.declaration.model.tenant import BrandingSection
from colonnade_runtime.declaration.yaml.scalars import ScalarError, resolve_plain


@pytest.mark.parametrize(
    "text",
    ["no", "No", "NO", "yes", "on", "off", "y", "n", "22:22", "010", "-010", "1_000", "0b1",
     "2026-01-01", "1.2.3", "+", "-", ".", "0x", "0o8", "1e", "e1", "tRue", "nULL", "١٢", "NaN"],
)  # fmt: skip
def test_what_yaml_1_1_read_as_something_else_is_text(text: str) -> None:
    assert resolve_plain(text) == text


@pytest.mark.parametrize("text", ["", "~", "null", "Null", "NULL"])
def test_null_has_five_spellings(text: str) -> None:
    assert resolve_plain(text) is None


@pytest.mark.parametrize(
    ("text", "value"), [("true", True), ("TRUE", True), ("False", False), ("false", False)]
)
def test_true_and_false_are_booleans(text: str, value: bool) -> None:
    assert resolve_plain(text) is value


@pytest.mark.parametrize(
    ("text", "value"),
    [("0", 0), ("-12", -12), ("+3", 3), ("0o17", 15), ("0xfF", 255), ("1.5", 1.5), (".5", 0.5),
     ("-1e3", -1000.0), ("2.", 2.0), ("0.10", 0.1)],
)  # fmt: skip
def test_numbers_are_those_of_the_core_schema(text: str, value: float) -> None:
    resolved = resolve_plain(text)
    assert resolved == value
    assert type(resolved) is type(value)


@pytest.mark.parametrize("text", [".inf", "-.Inf", ".NAN", "1e999", "-1e400"])
def test_a_number_that_is_not_finite_is_refused(text: str) -> None:
    with pytest.raises(ScalarError, match="finite"):
        resolve_plain(text)


def test_a_number_with_thousands_of_digits_is_text() -> None:
    assert resolve_plain("9" * 5000) == "9" * 5000


@given(st.integers(-(10**60), 10**60))
def test_every_integer_reads_back(number: int) -> None:
    assert resolve_plain(str(number)) == number


@given(st.floats(allow_nan=False, allow_infinity=False, width=32))
def test_every_finite_number_reads_back(number: float) -> None:
    resolved = resolve_plain(repr(number))
    assert isinstance(resolved, int | float)
    assert math.isclose(resolved, number)


@given(st.text(max_size=20))
def test_no_text_makes_it_fail_in_another_way(text: str) -> None:
    try:
        resolve_plain(text)
    except ScalarError:
        assert text[0] in "+-.0123456789"


@pytest.mark.parametrize(
    "website",
    [
        "https://acme.example",
        "http://localhost:3000/",
        "https://müller.example/über?a=1".replace("über", "%C3%BCber"),
        "https://[2001:db8::1]:8443/a#b",
        "https://acme.example?utm=1",
        "/site/index.html",
    ],
)
def test_the_address_of_a_site_is_taken(website: str) -> None:
    assert BrandingSection(website=website).website == website


@pytest.mark.parametrize(
    "website",
    [
        "https://",
        "//evil.example",
        "/",
        "https://user:secret@acme.example",
        "https://acme.example/\u202e",
        'https://acme.example"><b>',
        "https://acme.example/<b>",
        "javascript:alert(1)",
        "ftp://acme.example",
    ],
)
def test_what_leads_nowhere_or_elsewhere_is_refused(website: str) -> None:
    with pytest.raises(ValidationError):
        BrandingSection(website=website)
