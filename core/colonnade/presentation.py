"""Presentation of rows: messages of a contract, made of the columns of the same names."""

import types
from collections.abc import Callable
from datetime import date, datetime
from enum import Enum
from functools import cached_property
from typing import Annotated, Any, Generic, Literal, TypeAlias, TypeVar, Union, get_args, get_origin
from uuid import UUID

import msgspec
from pydantic.fields import FieldInfo

from colonnade.messages import Message

MessageT = TypeVar("MessageT", bound=Message)
RowT = TypeVar("RowT")
Plain: TypeAlias = Callable[[Any], msgspec.Struct]
"""Makes of a row what the JSON encoder takes."""


def present(model: type[MessageT], row: object, **others: object) -> MessageT:
    """Present `row` as a `model`: each field from the attribute of its name, or from `others`.

    Raises:
        AttributeError: when the row lacks a field that `others` does not give.
        pydantic.ValidationError: when a value is none that the contract allows.
    """
    values = {name: getattr(row, name) for name in model.model_fields if name not in others}
    return model.model_validate(values | others)


class Presentation(Generic[RowT, MessageT]):
    """Presentation of one kind of row, said once: `Presentation(Course, price=price_of)`.

    Each field of the model is the attribute of its name, or what the function given for it makes
    of the row. Called with a row, it presents that one. Lists go from rows to JSON without a
    message for each, where the model's fields are plain (texts, numbers, booleans, ids, times,
    enumerations, messages, and lists of these): the bytes are the same.
    """

    def __init__(self, model: type[MessageT], **computed: Callable[[RowT], object]) -> None:
        unknown = computed.keys() - model.model_fields.keys()
        if unknown:
            raise ValueError(f"{model.__name__} has no field {', '.join(sorted(unknown))}.")
        self.model = model
        self._computed = computed

    def __call__(self, row: RowT) -> MessageT:
        """Present a row.

        Raises:
            AttributeError: when the row lacks a field that nothing computes.
            pydantic.ValidationError: when a value is none that the contract allows.
        """
        others = {name: compute(row) for name, compute in self._computed.items()}
        return present(self.model, row, **others)

    @cached_property
    def plain(self) -> Plain | None:
        """Function from a row to what `encode_plain` takes; None for a model that is not plain."""
        return _plain_of(self.model, self._computed) if _is_plain_model(self.model) else None


def encode_plain(value: msgspec.Struct) -> bytes:
    """Encode what `Presentation.plain` made, alone or within a structure, as JSON."""
    return _encoder.encode(value)


def _plain_of(model: type[Message], computed: dict[str, Callable[[Any], object]]) -> Plain:
    names = list(model.model_fields)
    made = msgspec.defstruct(f"Plain{model.__name__}", [(name, Any) for name in names])
    known = {f"compute_{name}": compute for name, compute in computed.items()}
    parts = [f"compute_{name}(row)" if name in computed else f"row.{name}" for name in names]
    # Compiled once: a loop over names would cost three times as much for every row.
    source = f"lambda row: made({', '.join(parts)})"
    plain: Plain = eval(source, {"made": made, **known})  # noqa: S307
    return plain


def _is_plain_model(model: type[Message]) -> bool:
    decorators = model.__pydantic_decorators__
    customised = (
        decorators.field_serializers or decorators.model_serializers or decorators.computed_fields
    )
    fields = model.model_fields.values()
    return not customised and all(map(_is_plain_field, fields))


def _is_plain_field(field: FieldInfo) -> bool:
    renamed = field.alias or field.serialization_alias
    return not (renamed or field.exclude or _is_serialized(field.metadata)) and _is_plain(
        field.annotation
    )


def _is_plain(annotation: Any) -> bool:
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return not _is_serialized(annotation.__metadata__) and _is_plain(arguments[0])
    if origin in (Union, types.UnionType, list):
        return all(map(_is_plain, arguments))
    if origin is Literal:
        return all(isinstance(each, str | int) for each in arguments)
    if not isinstance(annotation, type):
        return False
    is_enum = issubclass(annotation, Enum) and issubclass(annotation, str | int)
    return annotation in _PLAIN or is_enum or issubclass(annotation, Message)


def _is_serialized(metadata: Any) -> bool:
    """Tell whether something else than the type may say how a value is written."""
    return any(
        hasattr(each, "__get_pydantic_core_schema__")
        or any(getattr(each, name, False) for name in _CHANGING)
        for each in metadata
    )


def _encoded(value: object) -> msgspec.Raw:
    """Encode a message inside a row's presentation, by its own rules."""
    if isinstance(value, Message):
        return msgspec.Raw(value.encode())
    raise NotImplementedError(f"{type(value).__name__} is not presented as JSON.")


_CHANGING = ("strip_whitespace", "to_lower", "to_upper")
_PLAIN = frozenset({str, int, bool, UUID, datetime, date, type(None)})
_encoder = msgspec.json.Encoder(enc_hook=_encoded)
