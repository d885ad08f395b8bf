"""Marks on fields that say how their values may travel."""

from collections.abc import Iterator
from functools import lru_cache
from typing import Annotated, Any, get_args, get_origin

from pydantic import BaseModel
from typing_extensions import TypeAliasType


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


@lru_cache(maxsize=4096)
def marked_fields(model: type[BaseModel], mark: type[Any]) -> frozenset[str]:
    """Names of the fields of `model` that carry a mark of the given type.

    A mark counts wherever it stands in the field's type: `list[Annotated[str, Personal()]]`,
    `Annotated[str, Personal()] | None`.
    """
    return frozenset(
        name
        for name, field in model.model_fields.items()
        if any(isinstance(item, mark) for item in field.metadata)
        or any(isinstance(item, mark) for item in _marks(field.annotation))
    )


@lru_cache(maxsize=4096)
def guarded_fields(model: type[BaseModel]) -> frozenset[str]:
    """Names of the fields of `model` that no log may show, whichever mark they carry."""
    return marked_fields(model, Personal) | marked_fields(model, Confidential)


def _marks(annotation: Any) -> Iterator[Any]:
    if isinstance(annotation, TypeAliasType):
        annotation = annotation.__value__
    if get_origin(annotation) is Annotated:
        yield from annotation.__metadata__
    for argument in get_args(annotation):
        yield from _marks(argument)
