"""What is wrong with a request, said so that a client can find it and a person can read it."""

from enum import StrEnum

import pydantic
import pytest

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
