"""Rows become messages by the names of their fields."""

from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from types import SimpleNamespace
from typing import Annotated, Any, Literal
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import Field, PlainSerializer, StringConstraints, ValidationError

from colonnade.messages import Message
from colonnade.money import Money
from colonnade.presentation import Presentation, encode_plain, present


class Book(Message):
    """A book."""

    title: str
    pages: int


def test_fields_come_from_the_columns_of_their_names() -> None:
    row = SimpleNamespace(title="Walden", pages=352, shelf="b2")
    assert present(Book, row) == Book(title="Walden", pages=352)


def test_what_is_given_beside_the_row_wins() -> None:
    row = SimpleNamespace(title="Walden", pages=352)
    assert present(Book, row, pages=1).pages == 1


def test_a_value_that_the_contract_does_not_allow_is_refused() -> None:
    with pytest.raises(ValidationError):
        present(Book, SimpleNamespace(title="Walden", pages="many"))


def test_a_column_that_is_not_there_is_a_mistake_of_the_code() -> None:
    with pytest.raises(AttributeError):
        present(Book, SimpleNamespace(title="Walden"))


class Binding(StrEnum):
    PAPER = "paper"
    CLOTH = "cloth"


class Copy(Message):
    """A copy with a field of every plain kind."""

    id: UUID
    title: str
    binding: Binding | None
    kind: Literal["lent", "sold"]
    pages: Annotated[int, Field(ge=0)]
    read: bool
    bought_at: datetime
    printed: date | None
    price: Money | None
    marks: list[str]


START = datetime(2030, 1, 1, tzinfo=UTC)
moments = st.timedeltas(timedelta(days=-700_000), timedelta(days=2_000_000)).map(
    lambda distance: START + distance
)
copies = st.fixed_dictionaries(
    {
        "id": st.uuids(),
        "title": st.text(st.characters(codec="utf-8")),
        "binding": st.none() | st.sampled_from(Binding),
        "kind": st.sampled_from(["lent", "sold"]),
        "pages": st.integers(0, 2**63 - 1),
        "read": st.booleans(),
        "bought_at": moments | moments.map(lambda moment: moment.replace(microsecond=0)),
        "printed": st.none() | st.dates(date(2, 1, 1)),
        "amount": st.none() | st.integers(0, 10**15),
        "marks": st.lists(st.text(st.characters(codec="utf-8")), max_size=3),
    }
)


def price_of(row: Any) -> Money | None:
    return None if row.amount is None else Money(amount=row.amount, currency="EUR")


present_copy: Presentation[Any, Copy] = Presentation(Copy, price=price_of)


@given(copies)
def test_a_row_is_the_same_bytes_with_a_message_and_without_one(values: dict[str, Any]) -> None:
    row = SimpleNamespace(**values)
    assert present_copy.plain is not None
    assert encode_plain(present_copy.plain(row)) == present_copy(row).encode()


class Shouted(Message):
    """Serialized in a way of its own."""

    title: Annotated[str, PlainSerializer(str.upper)]


class Trimmed(Message):
    """Changed by its validation."""

    title: Annotated[str, StringConstraints(strip_whitespace=True)]


class Renamed(Message):
    """Called otherwise in JSON."""

    title: str = Field(serialization_alias="name")


class Loose(Message):
    """Of any type at all."""

    title: Any


class Floating(Message):
    """With a number that has a fraction."""

    title: float


@pytest.mark.parametrize("model", [Shouted, Trimmed, Renamed, Loose, Floating])
def test_what_a_message_does_to_its_values_is_left_to_it(model: type[Message]) -> None:
    assert Presentation[Any, Message](model).plain is None


def test_a_field_that_the_message_does_not_have_is_computed_for_nobody() -> None:
    with pytest.raises(ValueError, match="no field shelf"):
        Presentation[Any, Book](Book, shelf=lambda row: "b2")
