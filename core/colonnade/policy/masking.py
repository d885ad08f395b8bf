"""Masks: fields that a principal may know to exist, and not read."""

from collections.abc import Collection, Mapping
from typing import Any, TypeVar

from pydantic import BaseModel

ModelT = TypeVar("ModelT", bound=BaseModel)


class UnmaskableField(ValueError):
    """A policy masks a field that the representation cannot show as null."""


def masked(model: ModelT, masks: Collection[str]) -> ModelT:
    """A copy of `model` in which the masked fields are null.

    A masked field stays in the representation, as null, so that the shape of a response does
    not depend on who asks. Masks of fields that this model does not have are ignored: one
    policy speaks of all representations of a resource.

    Raises:
        UnmaskableField: when a masked field does not admit null; make it optional in `api.py`.
    """
    present = [name for name in type(model).model_fields if name in masks]
    if not present:
        return model
    copy = model.model_copy(update=dict.fromkeys(present))
    for name in present:
        _check_nullable(type(model), name)
    return copy


def masked_mapping(data: Mapping[str, Any], masks: Collection[str]) -> dict[str, Any]:
    """A copy of `data` in which the masked members are null."""
    return {name: None if name in masks else value for name, value in data.items()}


def _check_nullable(model: type[BaseModel], name: str) -> None:
    annotation = model.model_fields[name].annotation
    if annotation is Any or annotation is type(None) or type(None) in _members(annotation):
        return
    raise UnmaskableField(
        f"A policy masks '{name}', which {model.__qualname__} cannot show as null; "
        f"declare it as optional there, or take the mask out of the policy."
    )


def _members(annotation: object) -> tuple[object, ...]:
    return getattr(annotation, "__args__", ())
