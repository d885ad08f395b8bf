"""Rows become messages by the names of their fields."""

from types import SimpleNamespace

import pytest
from pydantic import ValidationError

from colonnade.messages import Message
from colonnade.presentation import present


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
