"""Partial changes: absent fields stay, null takes away, and is refused where it must be."""

from typing import Annotated, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from colonnade.messages import Empty, NotNull
from colonnade.patches import Patch, assign


class UpdateCup(Patch[Empty]):
    """Change a cup."""

    cup_id: int
    name: Annotated[str | None, NotNull()] = None
    colour: str | None = None


class Cup:
    """A row that notes what is set."""

    def __init__(self, **values: Any) -> None:
        self.__dict__.update(values)
        self.__dict__["touched"] = []

    def __setattr__(self, name: str, value: Any) -> None:
        self.__dict__[name] = value
        self.__dict__["touched"].append(name)


def test_what_was_not_given_is_told_from_what_is_null() -> None:
    """Over the bus as well, where defaults do not travel."""
    change = UpdateCup.decode(UpdateCup(cup_id=1, colour=None).encode())
    assert change.given("name", "colour") == {"colour": None}


def test_only_the_named_fields_are_answered() -> None:
    assert UpdateCup(cup_id=1, name="mug").given("colour") == {}


def test_null_is_refused_where_there_is_always_a_value() -> None:
    with pytest.raises(ValidationError, match="may be left out, but not be null"):
        UpdateCup.decode_strict(b'{"cup_id": 1, "name": null}')


def test_the_schema_offers_null_only_where_it_is_taken() -> None:
    fields = UpdateCup.model_json_schema()["properties"]
    assert fields["name"]["type"] == "string"
    assert {"type": "null"} in fields["colour"]["anyOf"]


@given(st.dictionaries(st.sampled_from("abc"), st.integers(0, 1)))
def test_an_assignment_touches_what_differs_and_nothing_else(values: dict[str, int]) -> None:
    row = Cup(a=0, b=1, c=0)
    before = {name: getattr(row, name) for name in "abc"}

    changed = assign(row, values)

    assert {name: getattr(row, name) for name in "abc"} == before | values
    assert changed == set(row.touched) == {n for n, v in values.items() if before[n] != v}
