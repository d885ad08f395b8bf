"""Partial updates: what a PATCH gave, told from what it left out."""

from collections.abc import Collection
from typing import Any

from colonnade.messages import Request


def given(request: Request[Any], names: Collection[str]) -> dict[str, Any]:
    """Name → value of the fields among `names` that the client gave."""
    return {name: getattr(request, name) for name in names if name in request.model_fields_set}


def assign(row: object, values: dict[str, Any]) -> None:
    """Set the attributes of `row` that differ."""
    for name, value in values.items():
        if getattr(row, name) != value:
            setattr(row, name, value)
