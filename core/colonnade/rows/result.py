"""Results of statements, read whole."""

from collections.abc import Iterable
from typing import Any, TypeVar

from sqlalchemy.exc import MultipleResultsFound, NoResultFound

T = TypeVar("T")


class Result(list[T]):
    """Result of a statement: a list; `rowcount` is the number of rows that the statement met."""

    __slots__ = ("rowcount",)

    def __init__(self, items: Iterable[T] = (), rowcount: int = -1) -> None:
        super().__init__(items)
        self.rowcount = rowcount

    def all(self) -> "Result[T]":
        """Every item."""
        return self

    def first(self) -> T | None:
        """The first item, or nothing."""
        return self[0] if self else None

    def one(self) -> T:
        """The only item.

        Raises:
            NoResultFound, MultipleResultsFound: there is not exactly one.
        """
        if len(self) == 1:
            return self[0]
        if self:
            raise MultipleResultsFound(f"{len(self)} rows were found where one was expected.")
        raise NoResultFound("No row was found where one was expected.")

    def one_or_none(self) -> T | None:
        """The only item, or nothing.

        Raises:
            MultipleResultsFound: there are several.
        """
        return self.one() if self else None

    def scalar_one(self) -> Any:
        """The first column of the only record; raises as `one` does."""
        record: Any = self.one()
        return record[0]

    def scalars(self) -> "Result[Any]":
        """The first column of every record."""
        records: list[Any] = self
        return Result([record[0] for record in records], self.rowcount)
