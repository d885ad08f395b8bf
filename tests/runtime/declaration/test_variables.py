"""`${VAR}` and its forms."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from colonnade_runtime.declaration.yaml.variables import VariableError, fill_in

ENVIRON = {"HOST": "db.internal", "EMPTY": "", "PRICE": "$5", "BYTES": "\udcff"}


@pytest.mark.parametrize(
    ("text", "filled"),
    [
        ("plain", "plain"),
        ("${HOST}", "db.internal"),
        ("a-${HOST}:${HOST}", "a-db.internal:db.internal"),
        ("${EMPTY}", ""),
        ("${EMPTY:-else}", "else"),
        ("${GONE:-}", ""),
        ("${GONE:-a b:c}", "a b:c"),
        ("${HOST:?needed}", "db.internal"),
        ("$$HOME costs $${HOST}", "$HOME costs ${HOST}"),
        ("${PRICE}", "$5"),
    ],
)
def test_a_variable_is_replaced_by_its_value(text: str, filled: str) -> None:
    assert fill_in(text, ENVIRON).text == filled


@pytest.mark.parametrize(
    ("text", "message", "offset"),
    [
        ("x ${GONE}", "the environment variable GONE is not set", 2),
        ("${GONE:?ask Ada}", "the environment variable GONE is not set: ask Ada", 0),
        ("${EMPTY:?ask Ada}", "the environment variable EMPTY is not set: ask Ada", 0),
        ("${GONE:?}", "the environment variable GONE is not set", 0),
        ("5 $", "write '$$'", 2),
        ("$HOST", "write '$$'", 0),
        ("${}", "is not a variable", 0),
        ("${1}", "is not a variable", 0),
        ("${HOST-x}", "is not a variable", 0),
        ("${HOST", "write '$$'", 0),
        ("${A:-${HOST}}", "write '$$'", 0),
        ("${BYTES}", "is not UTF-8 text", 0),
    ],
)
def test_what_cannot_be_filled_in_says_why_and_where(text: str, message: str, offset: int) -> None:
    with pytest.raises(VariableError) as caught:
        fill_in(text, ENVIRON)
    assert message in str(caught.value)
    assert caught.value.offset == offset


def test_the_names_of_filled_in_variables_are_kept() -> None:
    assert fill_in("${HOST}${GONE:-x}", ENVIRON).names == ["HOST", "GONE"]


@given(st.text(max_size=50))
def test_a_text_with_doubled_dollars_comes_back(text: str) -> None:
    assert fill_in(text.replace("$", "$$"), {}).text == text
