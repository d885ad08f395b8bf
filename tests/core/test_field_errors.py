"""What is wrong with a request, said so that a client can find it and a person can read it."""

from enum import StrEnum
from typing import Annotated, Any

import pydantic
import pytest

from colonnade.errors import LONGEST_POINTER, LONGEST_SENTENCE, FieldError
from colonnade.http import field_errors
from colonnade.money import Money


class Colour(StrEnum):
    RED = "red"


class Painting(pydantic.BaseModel):
    colours: dict[Colour, int]


def errors_of(model: type[pydantic.BaseModel], **values: object) -> list[tuple[str, str]]:
    with pytest.raises(pydantic.ValidationError) as caught:
        model.model_validate(values)
    return [(error.pointer, error.message) for error in field_errors(caught.value)]


def test_a_rule_of_ours_speaks_in_its_own_words() -> None:
    [(pointer, sentence)] = errors_of(Money, amount=1, currency="eur")
    assert pointer == "/currency"
    assert sentence.startswith("'eur' is not an ISO 4217 currency code")


def test_a_key_that_is_wrong_is_pointed_to() -> None:
    assert errors_of(Painting, colours={"blue": 1}) == [("/colours/blue", "Input should be 'red'")]


class Note(pydantic.BaseModel):
    text: str


class Event(pydantic.BaseModel):
    properties: dict[
        Annotated[str, pydantic.StringConstraints(max_length=200_000, pattern="^[a-z/~]+$")],
        Annotated[str, pydantic.StringConstraints(max_length=3)] | bool | int | None,
    ] = {}
    subject: Note | list[int] | None = None


def pointers_of(values: dict[str, Any]) -> set[str]:
    with pytest.raises(pydantic.ValidationError) as caught:
        Event.model_validate(values, strict=True)
    return {error.pointer for error in field_errors(caught.value, values)}


def test_branches_of_a_union_are_no_part_of_a_pointer() -> None:
    assert pointers_of({"properties": {"a": "long enough"}}) == {"/properties/a"}
    assert pointers_of({"properties": {"int": []}}) == {"/properties/int"}
    assert pointers_of({"subject": {"text": 1}}) == {"/subject/text", "/subject"}
    assert pointers_of({"subject": [1, "b"]}) == {"/subject/1", "/subject"}
    assert pointers_of({"subject": {}}) == {"/subject/text", "/subject"}


def test_they_are_none_either_where_the_request_is_not_at_hand() -> None:
    with pytest.raises(pydantic.ValidationError) as caught:
        Event.model_validate({"properties": {"a": "long enough"}}, strict=True)
    assert {error.pointer for error in field_errors(caught.value)} == {"/properties/a"}


def test_what_is_wrong_twice_at_one_place_is_said_once() -> None:
    with pytest.raises(pydantic.ValidationError) as caught:
        Event.model_validate({"properties": {"a": []}}, strict=True)
    found = field_errors(caught.value, {"properties": {"a": []}})
    assert len(found) == len(set(found))


@pytest.mark.parametrize("key", ["a" * 100_000, "~/" * 50_000, "/a" * 50_000, "A" * 100_000])
def test_a_pointer_does_not_grow_with_the_request(key: str) -> None:
    for values in ({"properties": {key: "long enough"}}, {key: 1, "subject": 1}):
        for pointer in pointers_of(values):
            assert len(pointer) <= LONGEST_POINTER
            assert "~" not in pointer.replace("~0", "").replace("~1", ""), "no half an escape"


def test_a_sentence_does_not_grow_with_the_request() -> None:
    [field] = [FieldError("/a", "is no " + "x" * 100_000)]
    assert len(field.message) == LONGEST_SENTENCE
    assert field.message.endswith("x…")
    assert FieldError("/\ud800", "\udfff").pointer == "/?", "what is no text is not repeated"
