"""Partial updates: what a PATCH gave, told from what it left out."""

from collections.abc import Collection
from typing import Any

from colonnade.errors import FieldError, ValidationFailed
from colonnade.messages import Request


def given(
    request: Request[Any], names: Collection[str], nullable: Collection[str]
) -> dict[str, Any]:
    """Name → value of the fields among `names` that the client gave.

    Raises:
        ValidationFailed: naming each field that was given as null and cannot be.
    """
    values = {name: getattr(request, name) for name in names if name in request.model_fields_set}
    wrong = [
        FieldError(f"/{name}", "cannot be null; leave it out to keep it as it is", "null")
        for name, value in values.items()
        if value is None and name not in nullable
    ]
    if wrong:
        raise ValidationFailed(fields=wrong)
    return values


def assign(row: object, values: dict[str, Any]) -> None:
    """Set the attributes of `row` that differ."""
    for name, value in values.items():
        if getattr(row, name) != value:
            setattr(row, name, value)
