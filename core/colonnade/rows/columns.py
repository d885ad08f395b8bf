"""Columns of rows: the declaration of each, and the SQL column that is made of it."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from types import NoneType, UnionType
from typing import TYPE_CHECKING, Any, Generic, TypeVar, Union, get_args, get_origin, overload
from uuid import UUID

import msgspec
import sqlalchemy
from sqlalchemy import BigInteger, Boolean, Double, ForeignKey, Integer, LargeBinary, Text, Uuid
from sqlalchemy.types import TypeEngine

from colonnade.rows.types import UtcDateTime

T = TypeVar("T")

PERSONAL = "personal"
SECRET = "secret"  # noqa: S105 - the name of a mark
SEARCHABLE = "searchable"

TYPES: dict[type, TypeEngine[Any]] = {
    datetime: UtcDateTime(),
    UUID: Uuid(),
    bytes: LargeBinary(),
    str: Text(),
    int: BigInteger(),
    bool: Boolean(),
    float: Double(),
}
"""SQL types of `Column[...]` annotations, unless a column says otherwise."""

_SERIAL = BigInteger().with_variant(Integer(), "sqlite")
"""Type of an integer key that the database gives out: SQLite does so for `INTEGER` alone."""

if TYPE_CHECKING:

    class Column(Generic[T]):
        """Annotation of a column: `title: Column[str] = column(String(200))`.

        On the class it is the SQL column, for statements; on a row it is the value.
        """

        @overload
        def __get__(self, row: None, owner: Any) -> sqlalchemy.Column[T]: ...
        @overload
        def __get__(self, row: object, owner: Any) -> T: ...
        def __get__(self, row: object, owner: Any) -> Any: ...
        def __set__(self, row: object, value: T) -> None: ...

else:

    class Column(Generic[T]):
        """Annotation of a column: `title: Column[str] = column(String(200))`.

        On the class it is the SQL column, for statements; on a row it is the value.
        """


@dataclass(frozen=True, slots=True)
class ColumnDeclaration:
    """Declaration of one column; see `column`."""

    parts: tuple[Any, ...] = ()
    options: tuple[tuple[str, Any], ...] = ()
    default: Any = msgspec.NODEFAULT
    default_factory: Callable[[], Any] | None = None
    init: bool = True
    sort_order: int = 0
    marks: frozenset[str] = frozenset()

    def field(self) -> Any:
        """The default of the row's field, as msgspec takes it; NODEFAULT for a required one."""
        if self.default_factory is not None:
            return msgspec.field(default_factory=self.default_factory)
        if not self.init and self.default is msgspec.NODEFAULT:
            return msgspec.UNSET
        return self.default

    def build(self, name: str, annotation: Any) -> sqlalchemy.Column[Any]:
        """Make the SQL column.

        Raises:
            TypeError: the annotation has no SQL type of its own and none was given.
        """
        python_type, nullable = _column_type(name, annotation)
        parts = list(self.parts)
        if not any(_is_type(part) for part in parts):
            if python_type not in TYPES:
                raise TypeError(
                    f"The column '{name}' is {annotation!r}, which has no SQL type of its own: "
                    "say column(<type>)."
                )
            given_out = python_type is int and dict(self.options).get("autoincrement")
            parts.insert(0, _SERIAL if given_out else TYPES[python_type])
        options = dict(self.options)
        nullable = nullable and not options.get("primary_key")
        return sqlalchemy.Column(
            name, *parts, nullable=nullable, info=dict.fromkeys(self.marks, True), **options
        )


def column(
    *parts: "TypeEngine[Any] | type[TypeEngine[Any]] | ForeignKey",
    primary_key: bool = False,
    unique: bool = False,
    index: bool = False,
    autoincrement: bool = False,
    default: Any = msgspec.NODEFAULT,
    default_factory: Callable[[], Any] | None = None,
    init: bool = True,
    server_default: Any = None,
    sort_order: int = 0,
    personal: bool = False,
    secret: bool = False,
    searchable: bool = False,
) -> Any:
    """Declare a column: its SQL type where the annotation does not say it, keys and defaults.

    A column without a default has to be given to the row's constructor; one with `init=False` is
    filled in by the session or the database. `server_default` is for rows that others insert, such
    as migrations. Columns are written in the order of `sort_order`, then as declared.

    `personal` marks what tells about a person, `secret` what nobody may read, `searchable` what
    must stay comparable; they are found in the SQL column's `info`.
    """
    options = {
        "primary_key": primary_key,
        "autoincrement": autoincrement,
        "unique": unique or None,
        "index": index or None,
        "server_default": server_default,
    }
    marks = {PERSONAL: personal, SECRET: secret, SEARCHABLE: searchable}
    return ColumnDeclaration(
        parts,
        tuple(options.items()),
        default,
        default_factory,
        init,
        sort_order,
        frozenset(name for name, marked in marks.items() if marked),
    )


def is_column(annotation: Any) -> bool:
    """Tell whether an annotation is `Column[...]`."""
    return get_origin(annotation) is Column


def _column_type(name: str, annotation: Any) -> tuple[Any, bool]:
    (inner,) = get_args(annotation)
    if get_origin(inner) not in (Union, UnionType):
        return get_origin(inner) or inner, False
    kinds = [kind for kind in get_args(inner) if kind is not NoneType]
    if len(kinds) != 1:
        raise TypeError(f"The column '{name}' is {annotation!r}: say one type, and None.")
    return get_origin(kinds[0]) or kinds[0], True


def _is_type(part: Any) -> bool:
    return isinstance(part, TypeEngine) or (isinstance(part, type) and issubclass(part, TypeEngine))
