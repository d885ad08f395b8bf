"""Masked fields become null and stay where they are."""

import pytest
from pydantic import BaseModel

from colonnade.policy import UnmaskableField, masked, masked_mapping


class Account(BaseModel):
    id: str
    email: str | None


ACCOUNT = Account(id="1", email="ada@example.org")


def test_a_masked_field_is_null() -> None:
    """The original is left alone."""
    assert masked(ACCOUNT, {"email"}) == Account(id="1", email=None)
    assert ACCOUNT.email == "ada@example.org"


def test_without_masks_the_model_itself_comes_back() -> None:
    """No copy on the common path; masks of other representations are ignored."""
    assert masked(ACCOUNT, frozenset()) is ACCOUNT
    assert masked(ACCOUNT, {"phone"}) is ACCOUNT


def test_a_field_that_cannot_be_null_is_an_error() -> None:
    """Better no answer than one that lies about its schema."""
    with pytest.raises(UnmaskableField, match="'id'"):
        masked(ACCOUNT, {"id"})


def test_members_of_a_mapping_are_masked_too() -> None:
    """The shape stays."""
    assert masked_mapping({"a": 1, "b": 2}, {"b"}) == {"a": 1, "b": None}
