"""Statements that are read from and not written to: their rows are nobody's."""

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from sqlalchemy import Dialect, Select

from colonnade.rows.cached_shapes import cached_shape
from colonnade.rows.prepared import Prepared
from colonnade.rows.statement_shape import Part, Shape

if TYPE_CHECKING:
    from colonnade.rows.unit_of_work import UnitOfWork


class ReadStatement(Prepared[Any]):
    """A SELECT whose rows no unit of work knows: they are read, and changes of them are lost.

    It may hold values of its own beside named parameters; statements of one form are compiled
    once. One whose text depends on its values runs like a statement that was not prepared.
    """

    def __init__(self, statement: Select[Any]) -> None:
        super().__init__(statement, None)
        self._read: dict[str, Shape | None] = {}

    def records(self, session: "UnitOfWork", values: Mapping[str, Any]) -> Sequence[Any]:
        """Records of what it selects."""
        known = self._known(session.dialect)
        if known is None:
            return session.execute(self.statement, values)
        if len(known.parts) == 1:
            # Records of one row each, made without a call of Python's for each.
            return list(zip(session.scalars(self, values)))
        return session.execute(self, values)

    def shape(self, dialect: Dialect) -> Shape:
        """The statement compiled for `dialect`.

        Raises:
            ValueError: its text depends on its values.
        """
        known = self._known(dialect)
        if known is None:
            raise ValueError(f"The text of this statement depends on its values: {self.statement}")
        return known

    def _known(self, dialect: Dialect) -> Shape | None:
        name = dialect.name
        if name not in self._read:
            self._read[name] = self._compiled(dialect)
        return self._read[name]

    def _compiled(self, dialect: Dialect) -> Shape | None:
        found = cached_shape(self.statement, dialect)
        if found is None:
            return None
        shape, own = found
        bind = shape.bind
        loads = [part.load for part in shape.parts]
        return Shape(
            sql=shape.sql,
            bind=lambda values: bind(values, own),
            parts=tuple(Part(part.name, None, part.load) for part in shape.parts),
            record=_record(loads),
            plain=True,
        )


def _record(loads: Sequence[Callable[[Any], Any]]) -> Callable[[Any], tuple[Any, ...]]:
    return lambda record: tuple(load(record) for load in loads)
