"""One line of text: what names and titles may be made of."""

import re
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from colonnade.text import VISIBLE_LINE, Line, folded, visible_line

LINE: TypeAdapter[str] = TypeAdapter(Line)


def is_taken(text: str) -> bool:
    try:
        LINE.validate_python(text)
    except ValidationError:
        return False
    return True


@pytest.mark.parametrize(
    "text",
    [
        "Ada",
        "Weiß",
        "می‌خواهم",
        "👩‍🔬 Chemistry",
        "שלום",
        "a",
        "  Python  ",
        "\U000e0067 a flag's tag beside something seen",
    ],
)
def test_what_people_write_is_taken(text: str) -> None:
    assert LINE.validate_python(text) == text


@pytest.mark.parametrize(
    "mark",
    [
        "\u200b",
        "\u3164",
        "\u2800",
        "\u115f",
        "\xa0",
        "\xad",
        "\u2060",
        "\ufe0f",
        "\U000e0041",
        "\ufff9",
    ],
)
def test_nothing_but_unseen_characters_is_blank(mark: str) -> None:
    with pytest.raises(ValidationError, match="nothing in it that can be seen"):
        LINE.validate_python(f" {mark * 15} ")


@pytest.mark.parametrize(
    "mark",
    [
        *map(chr, range(0x20)),
        *map(chr, range(0x7F, 0xA0)),
        *("\u061c", "\u200e", "\u200f", "\u2028", "\u2029"),
        *map(chr, range(0x202A, 0x202F)),
        *map(chr, range(0x2066, 0x206A)),
    ],
)
def test_controls_and_marks_of_direction_are_refused(mark: str) -> None:
    for text in (f"a{mark}b", f"{mark}ab", f"ab{mark}"):
        with pytest.raises(ValidationError, match="line end, a control character"):
            LINE.validate_python(text)


def test_half_a_character_is_refused() -> None:
    with pytest.raises(ValueError, match="half a character"):
        visible_line("a\ud800")


def test_every_format_control_and_blank_of_unicode_is_unseen_by_itself() -> None:
    """Signs such as ARABIC NUMBER SIGN are formatting by category, and yet they have ink."""
    inked = {*range(0x600, 0x606), 0x6DD, 0x70F, 0x890, 0x891, 0x8E2, 0x110BD, 0x110CD}
    unseen = ("Cc", "Cf", "Zs", "Zl", "Zp")
    taken = {
        code
        for code in range(0x110000)
        if unicodedata.category(chr(code)) in unseen and is_taken(chr(code))
    }
    assert taken == inked


@given(st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=8))
def test_the_pattern_in_the_contract_says_what_the_rule_says(text: str) -> None:
    pattern = VISIBLE_LINE.removesuffix("$") + r"\Z"
    assert is_taken(text) == bool(re.match(pattern, text))
    assert TypeAdapter(Line).json_schema()["pattern"] == VISIBLE_LINE


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=12))
def test_a_search_does_not_see_case_or_composition(text: str) -> None:
    for form in ("NFC", "NFD"):
        assert folded(unicodedata.normalize(form, text)) == folded(text)
    assert folded(folded(text)) == folded(text)


def test_a_search_finds_what_a_keyboard_types() -> None:
    assert folded("CAFÉ") == folded("cafe\u0301") == "café"
