"""One reading of JSON values as column values, shared by the evaluator and the compiler.

Both sides of a comparison pass through the same coercion, so that text is never equal to a
number, true is never one, and `00AB…` is the same UUID as `00ab…`, in Python and in SQL alike.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from enum import Enum
from typing import Any, TypeAlias
from uuid import UUID

from sqlalchemy import types
from sqlalchemy.types import TypeEngine

ColumnValue: TypeAlias = bool | int | str | UUID | datetime | date | Enum

_BINARY_COLLATIONS = frozenset({None, "BINARY", "C", "POSIX"})
_EXACT_FLOAT = 2.0**53
_INTEGER_BITS: tuple[tuple[type[types.Integer], int], ...] = (
    (types.BigInteger, 64),
    (types.SmallInteger, 16),
    (types.Integer, 32),
)


class Misfit(ValueError):
    """A value that no column of this kind can hold."""


@dataclass(frozen=True, slots=True)
class ValueKind:
    """Kind of a column's values, as far as policies compare them.

    `coerce` raises `Misfit`; `ordered` says whether `lt`, `lte`, `gt` and `gte` make sense,
    which for text they do not: its order depends on the database's collation.
    """

    name: str
    coerce: Callable[[object], ColumnValue]
    to_column: Callable[[ColumnValue], object]
    ordered: bool


def kind_of(column_type: TypeEngine[Any]) -> ValueKind:
    """The kind of a column's type.

    Raises:
        ValueError: for a type whose comparison Python and SQL do not agree on.
    """
    decorated = isinstance(column_type, types.TypeDecorator)
    plain = (
        column_type.impl_instance if isinstance(column_type, types.TypeDecorator) else column_type
    )
    if isinstance(plain, types.Enum):
        return _enum_kind(plain)
    if isinstance(plain, types.Boolean):
        return ValueKind("boolean", _boolean, _unchanged, ordered=False)
    if isinstance(plain, types.Integer):
        return _integer_kind(plain)
    if isinstance(plain, types.Uuid):
        return ValueKind("uuid", _uuid, _unchanged if plain.as_uuid else str, ordered=False)
    if isinstance(plain, types.DateTime):
        naive = not decorated and not plain.timezone
        return ValueKind("time", _instant, _without_zone if naive else _unchanged, ordered=True)
    if isinstance(plain, types.Date):
        return ValueKind("date", _date, _unchanged, ordered=True)
    if isinstance(plain, types.String) and plain.collation in _BINARY_COLLATIONS:
        return ValueKind("text", _text, _unchanged, ordered=False)
    raise ValueError(
        f"policies cannot compare a column of type {column_type!r}; "
        "use text with the database's binary collation, an integer, a boolean, a UUID, "
        "an enum, a date or a time"
    )


def _enum_kind(column_type: types.Enum) -> ValueKind:
    enum_class = column_type.enum_class
    if enum_class is not None:
        return ValueKind(
            "enum", lambda value: _member(enum_class, value), _unchanged, ordered=False
        )
    known = frozenset(column_type.enums)

    def choice(value: object) -> ColumnValue:
        text = _text(value)
        if text not in known:
            raise Misfit(f"{text!r} is none of {', '.join(sorted(known))}")
        return text

    return ValueKind("enum", choice, _unchanged, ordered=False)


def _integer_kind(column_type: types.Integer) -> ValueKind:
    bits = next(bits for kind, bits in _INTEGER_BITS if isinstance(column_type, kind))
    limit = 2 ** (bits - 1)

    def integer(value: object) -> ColumnValue:
        if isinstance(value, float) and value.is_integer() and abs(value) < _EXACT_FLOAT:
            value = int(value)
        if not isinstance(value, int) or isinstance(value, bool | Enum):
            raise Misfit("it is no whole number")
        if not -limit <= value < limit:
            raise Misfit(f"it needs more than {bits} bits")
        return value

    return ValueKind("integer", integer, _unchanged, ordered=True)


def _unchanged(value: ColumnValue) -> object:
    return value


def _without_zone(value: ColumnValue) -> object:
    assert isinstance(value, datetime)
    return value.replace(tzinfo=None)


def _boolean(value: object) -> ColumnValue:
    if not isinstance(value, bool):
        raise Misfit("it is no boolean")
    return value


def _text(value: object) -> ColumnValue:
    if isinstance(value, Enum):
        value = value.value
    if not isinstance(value, str):
        raise Misfit("it is no text")
    # Neither can be stored: PostgreSQL has no NUL in text, and no encoding a lone surrogate.
    if "\x00" in value or (not value.isascii() and any("\ud800" <= c <= "\udfff" for c in value)):
        raise Misfit("it is text that no column can hold")
    return str(value)


def _uuid(value: object) -> ColumnValue:
    if isinstance(value, UUID):
        return value
    if not isinstance(value, str) or len(value) != 36:
        raise Misfit("it is no UUID")
    try:
        return UUID(value)
    except ValueError:
        raise Misfit("it is no UUID") from None


def _instant(value: object) -> ColumnValue:
    if isinstance(value, str):
        try:
            value = datetime.fromisoformat(value)
        except ValueError:
            raise Misfit("it is no RFC 3339 time") from None
        if value.tzinfo is None:
            raise Misfit("it is a time without a zone")
    if not isinstance(value, datetime):
        raise Misfit("it is no time")
    if value.tzinfo is None:
        # A column without a zone is read back naive; such columns hold UTC.
        return value.replace(tzinfo=UTC)
    try:
        return value.astimezone(UTC)
    except OverflowError:
        raise Misfit("it is a time out of range") from None


def _date(value: object) -> ColumnValue:
    if isinstance(value, str):
        try:
            return date.fromisoformat(value)
        except ValueError:
            raise Misfit("it is no date") from None
    if not isinstance(value, date) or isinstance(value, datetime):
        raise Misfit("it is no date")
    return value


def _member(enum_class: type[Enum], value: object) -> ColumnValue:
    if isinstance(value, enum_class):
        return value
    if isinstance(value, Enum) or not isinstance(value, str | int) or isinstance(value, bool):
        raise Misfit("it is no member of the enumeration")
    try:
        return enum_class(value)
    except ValueError:
        raise Misfit(f"it is no {enum_class.__name__}") from None
