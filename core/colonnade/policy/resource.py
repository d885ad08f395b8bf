"""Resource types: fields and relations of a service's objects, for policies."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeAlias

from sqlalchemy import ColumnElement, FromClause, literal, select
from sqlalchemy.sql import ColumnCollection, Select

from colonnade.policy.coercion import ColumnValue, ValueKind, kind_of
from colonnade.rows import Row, table_of

if TYPE_CHECKING:
    from colonnade.store import Session

FieldColumn: TypeAlias = ColumnElement[Any]
RowFilter: TypeAlias = Callable[[ColumnCollection[str, ColumnElement[Any]]], ColumnElement[bool]]


@dataclass(frozen=True, eq=False)
class Relation:
    """A local projection that says who stands in a relation to which object.

    `projection` is the row class, table or subquery of what events keep up to date;
    `object_column` and `subject_column` name its columns; `where` narrows its rows, such as to
    active enrolments, and gets the columns of the projection as `row.status`.

    Raises:
        ValueError: for a column that is not there or cannot be compared.
    """

    projection: type[Row] | FromClause
    object_column: str
    subject_column: str
    where: RowFilter | None = None
    object_kind: ValueKind = field(init=False, repr=False)
    subject_kind: ValueKind = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "object_kind", self._kind(self.object_column))
        object.__setattr__(self, "subject_kind", self._kind(self.subject_column))

    def rows(
        self, object_value: ColumnElement[Any] | ColumnValue, subject: ColumnValue
    ) -> Select[int]:
        """A statement that finds a row exactly when `subject` is related to `object_value`."""
        # An alias, so that a projection which is the listed table itself does not collide with it.
        row = self._table().alias()
        wanted = object_value
        if not isinstance(object_value, ColumnElement):
            wanted = literal(
                self.object_kind.to_column(object_value), row.c[self.object_column].type
            )
        asked = literal(self.subject_kind.to_column(subject), row.c[self.subject_column].type)
        statement = select(literal(1)).where(
            row.c[self.object_column] == wanted, row.c[self.subject_column] == asked
        )
        if self.where is not None:
            statement = statement.where(self.where(row.c))
        return statement.correlate_except(row)

    def _table(self) -> FromClause:
        return (
            self.projection
            if isinstance(self.projection, FromClause)
            else table_of(self.projection)
        )

    def _kind(self, name: str) -> ValueKind:
        table = self._table()
        if name not in table.c:
            raise ValueError(f"The projection {table!s} has no column '{name}'.")
        try:
            return kind_of(table.c[name].type)
        except ValueError as error:
            raise ValueError(f"Column '{name}' of the projection {table!s}: {error}.") from None


@dataclass(frozen=True, eq=False)
class ResourceType:
    """The vocabulary that policies have for one type of object.

    `fields` are the columns that conditions may name, `relations` what `related` may name.
    A condition on anything else refuses.

    Raises:
        ValueError: for a field whose comparison Python and SQL do not agree on.
    """

    name: str
    fields: Mapping[str, FieldColumn]
    relations: Mapping[str, Relation] = field(default_factory=dict)
    kinds: Mapping[str, ValueKind] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        kinds = {name: self._kind(name, column) for name, column in self.fields.items()}
        object.__setattr__(self, "kinds", kinds)

    def column(self, name: str) -> ColumnElement[Any]:
        """The column of a field, as an expression."""
        return self.fields[name]

    def attributes(self, row: object) -> dict[str, object]:
        """The fields of a loaded `row` (an object with attributes named like the fields)."""
        return {name: getattr(row, name) for name in self.fields}

    def related_in(self, session: "Session") -> "RelatedLookup":
        """Answers `related` conditions from the projections in `session`."""

        def lookup(relation: str, object_value: ColumnValue, subject: ColumnValue) -> bool:
            rows = self.relations[relation].rows(object_value, subject)
            return session.execute(rows.limit(1)).first() is not None

        return lookup

    def _kind(self, name: str, column: FieldColumn) -> ValueKind:
        try:
            return kind_of(column.type)
        except ValueError as error:
            raise ValueError(f"Field '{name}' of resource type '{self.name}': {error}.") from None


RelatedLookup: TypeAlias = Callable[[str, ColumnValue, ColumnValue], bool]
"""Answers whether a subject stands in a relation to an object: (relation, object, subject)."""
