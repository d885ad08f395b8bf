"""Presentation of rows: messages of a contract, made of the columns of the same names."""

from typing import TypeVar

from colonnade.messages import Message

MessageT = TypeVar("MessageT", bound=Message)


def present(model: type[MessageT], row: object, **others: object) -> MessageT:
    """Present `row` as a `model`: each field from the attribute of its name, or from `others`.

    Raises:
        AttributeError: when the row lacks a field that `others` does not give.
        pydantic.ValidationError: when a value is none that the contract allows.
    """
    values = {name: getattr(row, name) for name in model.model_fields if name not in others}
    return model.model_validate(values | others)
