"""Converters between Python's values and a driver's, compiled into one function per shape.

SQLAlchemy's types say how a value goes in and comes out; the few that every row has are done
directly where a database keeps them as text. A test holds these against SQLAlchemy's own.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, TypeAlias
from uuid import UUID, SafeUUID

from sqlalchemy import Dialect, Float, Numeric, TypeDecorator, Uuid
from sqlalchemy.types import TypeEngine

from colonnade.rows.types import UtcDateTime

Converter: TypeAlias = Callable[[Any], Any]


def binder(kind: TypeEngine[Any], dialect: Dialect) -> Converter | None:
    """Function from a value to what the driver takes; None when that is the value itself."""
    if dialect.name == "sqlite" and (quick := _SQLITE_BINDERS.get(_key(kind))):
        return quick
    return kind.dialect_impl(dialect).bind_processor(dialect)


def loader(kind: TypeEngine[Any], dialect: Dialect) -> Converter | None:
    """Function from what the driver gives to a value; None when that is the value itself."""
    if dialect.name == "sqlite" and (quick := _SQLITE_LOADERS.get(_key(kind))):
        return quick
    made = kind.dialect_impl(dialect)
    return made.result_processor(dialect, _record_type(made))


def tuple_of(
    expressions: Sequence[tuple[str, Converter | None]],
    argument: str,
    wrapped: Converter | None = None,
    **names: Any,
) -> Converter:
    """Compile a function of `argument` that answers a tuple of expressions, each converted.

    `wrapped` gets the tuple and makes the answer; the expressions may use `names`.
    """
    parts = [_converted(i, text, one) for i, (text, one) in enumerate(expressions)]
    body = f"({''.join(f'{part}, ' for part in parts)})"
    if wrapped is not None:
        body, names = f"wrapped({body})", names | {"wrapped": wrapped}
    return _function(f"lambda {argument}: {body}", expressions, **names)


def instance_of(
    make: Callable[..., Any],
    names: Sequence[str],
    converters: Sequence[Converter | None],
    start: int,
) -> Converter:
    """Compile a function of a record that calls `make` with its values, each under its name.

    The values are those from position `start` on.
    """
    values = [(f"r[{start + i}]", one) for i, one in enumerate(converters)]
    parts = [
        f"{name}={_converted(i, text, one)}"
        for i, (name, (text, one)) in enumerate(zip(names, values, strict=True))
    ]
    return _function(f"lambda r: make({', '.join(parts)})", values, make=make)


def _converted(number: int, text: str, converter: Converter | None) -> str:
    if converter is None:
        return text
    if converter is _moment_from_text:
        # Written out: every row has two or three of them, and a call costs as much as it does.
        return f"(None if {text} is None else parsed({text} + '+00:00'))"
    return f"c{number}({text})"


def _function(
    source: str, expressions: Sequence[tuple[str, Converter | None]], **names: Any
) -> Converter:
    # Of column names and positions alone; they come from declarations, never from a request.
    scope: Mapping[str, Any] = {f"c{i}": one for i, (_, one) in enumerate(expressions)} | names
    made: Converter = eval(source, {**scope, "parsed": _parsed})  # noqa: S307
    return made


def _uuid_to_text(value: UUID | None) -> str | None:
    # What `value.hex` is, without a call in Python.
    return None if value is None else "%032x" % value.int  # noqa: UP031


def _uuid_from_text(text: str | None) -> UUID | None:
    # What `UUID(text)` does, without the checks that a column of our own needs no more.
    if text is None:
        return None
    made = _new(UUID)
    _set(made, "int", int(text, 16))
    _set(made, "is_safe", _UNKNOWN)
    return made


def _moment_to_text(value: datetime | None) -> str | None:
    if value is None:
        return None
    if value.tzinfo is not UTC:
        if value.tzinfo is None:
            raise ValueError("A time without a zone was given; use an aware datetime.")
        value = value.astimezone(UTC)
    return value.isoformat(" ", "microseconds")[:26]


def _moment_from_text(text: str | None) -> datetime | None:
    return None if text is None else _parsed(text + "+00:00")


def _record_type(kind: TypeEngine[Any]) -> int | None:
    # The object id (pg_type.oid) of what a column of this type is, in the records of PostgreSQL:
    # SQLAlchemy's converters of numbers ask for it.
    if isinstance(kind, TypeDecorator):
        kind = kind.impl_instance
    if isinstance(kind, Float):
        return _FLOAT8
    return _NUMERIC if isinstance(kind, Numeric) else None


def _key(kind: TypeEngine[Any]) -> Any:
    if type(kind) is Uuid:
        return (Uuid, kind.as_uuid)
    return type(kind)


_new = object.__new__
_set = object.__setattr__
_parsed = datetime.fromisoformat
_UNKNOWN = SafeUUID.unknown

_FLOAT8 = 701
_NUMERIC = 1700

_SQLITE_BINDERS: dict[Any, Converter] = {
    (Uuid, True): _uuid_to_text,
    UtcDateTime: _moment_to_text,
}
_SQLITE_LOADERS: dict[Any, Converter] = {
    (Uuid, True): _uuid_from_text,
    UtcDateTime: _moment_from_text,
}
