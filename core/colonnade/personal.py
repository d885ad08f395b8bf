"""Marks on fields that say how their values may travel."""

from typing import Any

from pydantic import BaseModel


class Personal:
    """Marks a field that holds personal data: `email: Annotated[str, Personal()]`.

    Logs mask it; later work (data masking, erasure, export) finds it by this mark.
    """

    def __repr__(self) -> str:
        return "Personal()"


class Confidential:
    """Marks a field that must never be shown or logged, such as a password or a token."""

    def __repr__(self) -> str:
        return "Confidential()"


def marked_fields(model: type[BaseModel], mark: type[Any]) -> frozenset[str]:
    """Names of the fields of `model` that carry a mark of the given type."""
    return frozenset(
        name
        for name, field in model.model_fields.items()
        if any(isinstance(item, mark) for item in field.metadata)
    )
