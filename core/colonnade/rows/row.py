"""Rows: one class per table, its instances msgspec structs."""

import sys
from collections.abc import Mapping
from datetime import datetime
from typing import Any, ClassVar, Protocol, cast, dataclass_transform
from uuid import UUID

import msgspec
import sqlalchemy
from sqlalchemy import Integer, MetaData, Table

from colonnade.identifiers import new_id
from colonnade.rows.columns import Column, ColumnDeclaration, column, is_column
from colonnade.rows.types import UtcDateTime

ROW = "row"
"""Key in a table's `info`: the class of its rows."""


class Owner(Protocol):
    """The unit of work that a row belongs to."""

    def before_change(self, row: "Row", name: str) -> None:
        """Take note of a column that is about to be set, unless nobody may."""
        ...


def _annotations(namespace: Mapping[str, Any]) -> Mapping[str, Any]:
    if sys.version_info >= (3, 14) and "__annotations__" not in namespace:
        import annotationlib

        annotate = annotationlib.get_annotate_from_class_namespace(namespace)
        if annotate is None:
            return {}
        return annotationlib.call_annotate_function(annotate, annotationlib.Format.FORWARDREF)
    return cast("Mapping[str, Any]", namespace.get("__annotations__", {}))


def _evaluated(annotation: Any, namespace: Mapping[str, Any], field: str) -> Any:
    """The annotation itself, where `from __future__ import annotations` has left its text."""
    if not isinstance(annotation, str) or not annotation.startswith("Column["):
        return annotation
    module = namespace["__module__"]
    try:
        # The module's own text, as `typing.get_type_hints` evaluates it.
        return eval(annotation, vars(sys.modules[module]))  # noqa: S307
    except NameError as error:
        raise TypeError(
            f"{module}: the column '{field}' is {annotation}, and {error.name} is not a name of "
            "the module when the class is made; import it there."
        ) from error


def _take(namespace: dict[str, Any], name: str, field: str) -> ColumnDeclaration:
    declaration = namespace.pop(field, ColumnDeclaration())
    if not isinstance(declaration, ColumnDeclaration):
        raise TypeError(f"{name}.{field} is set to {declaration!r}: say column(default=…).")
    return declaration


def _table(cls: Any, namespace: Mapping[str, Any]) -> Table:
    if not hasattr(cls, "metadata"):
        raise TypeError(
            f"{cls.__name__} has a table and no metadata: give the class that a service's rows "
            "have in common `metadata = tenant_metadata()`."
        )
    arguments: Any = namespace.get("__table_args__", ())
    options: dict[str, Any] = {}
    if isinstance(arguments, dict):
        arguments, options = (), arguments
    elif arguments and isinstance(arguments[-1], dict):
        *arguments, options = arguments
    options = dict(options)
    ordered = sorted(cls.__declared__.items(), key=lambda item: item[1][1].sort_order)
    columns = [declaration.build(name, annotation) for name, (annotation, declaration) in ordered]
    info = {**options.pop("info", {}), ROW: cls}
    return Table(
        namespace["__tablename__"], cls.metadata, *columns, *arguments, info=info, **options
    )


class RowType(msgspec.StructMeta):
    """Type of row classes: makes the struct, and the table of a class with `__tablename__`.

    A column's name on the class is the SQL column, for statements.
    """

    __columns__: Mapping[str, sqlalchemy.Column[Any]]
    __table__: Table
    __declared__: Mapping[str, tuple[Any, ColumnDeclaration]]

    def __new__(
        mcs, name: str, bases: tuple[type, ...], namespace: dict[str, Any], **options: Any
    ) -> "RowType":
        declared: dict[str, tuple[Any, ColumnDeclaration]] = {}
        for base in reversed(bases):
            declared |= getattr(base, "__declared__", {})
        annotations = {
            field: _evaluated(each, namespace, field)
            for field, each in _annotations(namespace).items()
        }
        for field in [field for field, each in annotations.items() if is_column(each)]:
            declared[field] = (annotations.pop(field), _take(namespace, name, field))
        is_table = "__tablename__" in namespace
        if is_table:
            # Structs cannot share the layout of several bases, so the columns of all are fields of
            # the one class that has the table.
            for field, (annotation, declaration) in declared.items():
                annotations[field] = annotation
                if (default := declaration.field()) is not msgspec.NODEFAULT:
                    namespace[field] = default
        namespace["__annotations__"] = annotations
        namespace["__declared__"] = declared
        namespace["__columns__"] = {}
        cls: Any = super().__new__(mcs, name, bases, namespace, kw_only=True, **options)
        if is_table:
            cls.__table__ = table = _table(cls, namespace)
            cls.__columns__ = dict(table.columns.items())
        return cast("RowType", cls)

    def __getattribute__(cls, name: str) -> Any:
        if name.startswith("_"):
            return super().__getattribute__(name)
        found = super().__getattribute__("__columns__").get(name)
        return super().__getattribute__(name) if found is None else found

    def __clause_element__(cls) -> Table:
        """The table, where SQLAlchemy expects something to select from or to write to."""
        return cls.__table__


@dataclass_transform(kw_only_default=True, field_specifiers=(column,))
class Row(msgspec.Struct, metaclass=RowType, dict=True, eq=False):
    """A row of a table.

    A class of its own declares the `metadata` of a service; each class below it with a
    `__tablename__` is a table. `__table_args__` is what else the table takes: indexes and
    constraints, and last a dictionary of options.
    """

    metadata: ClassVar[MetaData]
    __tablename__: ClassVar[str]
    __table__: ClassVar[Table]
    __table_args__: ClassVar[tuple[Any, ...] | dict[str, Any]]

    def __setattr__(self, name: str, value: Any) -> None:
        if name not in type(self).__columns__:
            raise AttributeError(f"{type(self).__name__} has no column '{name}'.")
        owner: Owner | None = self.__dict__.get("owner")
        if owner is not None and getattr(self, name) != value:
            owner.before_change(self, name)
        super().__setattr__(name, value)

    def __repr__(self) -> str:
        # Not every column: what a row keeps is people's data, and this goes to logs.
        key = ", ".join(f"{name}={value!r}" for name, value in zip(*key_of(self), strict=True))
        return f"<{type(self).__name__} {key}>"


class Identified(Row):
    """A UUIDv7 primary key named `id`."""

    id: Column[UUID] = column(primary_key=True, default_factory=new_id, sort_order=-10)


class Versioned(Row):
    """A `version` that counts changes: optimistic locking inside, `ETag`/`If-Match` outside.

    A write to a row that somebody else changed meanwhile fails instead of undoing their change.
    """

    version: Column[int] = column(Integer, default=1, sort_order=90)


class Timestamped(Row):
    """Times of creation and of the last change; the session fills in both from the clock.

    A row that is imported may say when it was created.
    """

    created_at: Column[datetime] = column(UtcDateTime(), default=msgspec.UNSET, sort_order=91)
    updated_at: Column[datetime] = column(UtcDateTime(), default=msgspec.UNSET, sort_order=92)


def key_names(row: type[Row]) -> tuple[str, ...]:
    """Names of the columns of a row's primary key, in its order."""
    return tuple(each.key for each in row.__table__.primary_key.columns)


def key_of(row: Row) -> tuple[tuple[str, ...], tuple[Any, ...]]:
    """Names and values of a row's primary key."""
    names = key_names(type(row))
    return names, tuple(getattr(row, name) for name in names)


def table_of(row: type[Row]) -> Table:
    """The table of a row class."""
    return row.__table__
