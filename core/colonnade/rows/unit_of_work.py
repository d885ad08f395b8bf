"""Units of work: rows read, changed and written in one transaction, and statements."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from datetime import datetime
from typing import Any, TypeAlias, TypeVar, TypeVarTuple, cast, overload

from sqlalchemy import Delete, Dialect, Executable, Insert, TextClause, Update
from sqlalchemy.exc import NoResultFound
from sqlalchemy.sql.selectable import TypedReturnsRows

from colonnade.errors import InternalError
from colonnade.rows.cached_shapes import bound_shape
from colonnade.rows.driver import Driver
from colonnade.rows.known_rows import KnownRows
from colonnade.rows.metadata import PENDING_WORK
from colonnade.rows.prepared import Prepared
from colonnade.rows.reached_tables import tables_in, tables_written, work_left
from colonnade.rows.result import Result
from colonnade.rows.row import Row
from colonnade.rows.row_statements import RowStatements, statements_of
from colonnade.rows.row_tracking import ANY_TABLE, RowKey, RowSet, tracked_reads
from colonnade.rows.statement_shape import Shape, selected
from colonnade.rows.writing import set_column, stamp, write_all

T = TypeVar("T")
Ts = TypeVarTuple("Ts")
RowT = TypeVar("RowT", bound=Row)

Values: TypeAlias = Mapping[str, Any]
"""Values of a statement's parameters, by their names."""


class UnitOfWork:
    """Rows and statements of one transaction, on a driver that its owner begins and ends.

    A row is one object however often it is found; columns that are set on it, and rows that are
    added or deleted, are written by `flush`, before the next statement and at the end.

    `now` is the time of the unit of work: every row it writes carries the same instant. `changed`
    is what it wrote; `loaded` what it read, when somebody tracks the reads of this call.
    `pending_work` says that it leaves something to be done after the commit (an event to send, a
    timer, a saga), and `left` names its rows, or their tables. Rows inserted into or changed in a
    table that is declared with `info={PENDING_WORK: True}` set both by themselves; work that wakes
    such rows with an UPDATE statement sets `pending_work` itself.
    """

    def __init__(self, driver: Driver, now: datetime) -> None:
        self.now = now
        self.left: set[RowKey | str] = set()
        self.changed = RowSet()
        self.loaded: RowSet | None = tracked_reads()
        self._driver = driver
        self._rows = KnownRows()
        self._autoflush = True
        self._savepoints = 0
        self._is_lost = False

    @property
    def driver(self) -> Driver:
        """The connection beneath, for the platform: what runs on it is not tracked."""
        return self._driver

    @property
    def dialect(self) -> Dialect:
        """SQLAlchemy's dialect of the database."""
        return self._driver.dialect

    @property
    def pending_work(self) -> bool:
        """True when something is left to be done after the commit."""
        return bool(self.left)

    @pending_work.setter
    def pending_work(self, pending: bool) -> None:
        if pending:
            self.left.add(ANY_TABLE)
        else:
            self.left.clear()

    @property
    def has_changes(self) -> bool:
        """True when something is to be written that is not yet."""
        return not self._rows.is_clean

    def get(self, row: type[RowT], key: Any, *, for_update: bool = False) -> RowT | None:
        """The row with this primary key, or nothing.

        `key` is the value of the primary key, or a tuple of its values. `for_update` reads it
        anew and locks it, where the database locks rows; changes of it are written before.
        """
        statements = statements_of(row, self._driver.dialect)
        identity = key if type(key) is tuple else (key,)
        if self.loaded is not None:
            # Noted before it is looked for: that a row is absent is read, too, and its insert must
            # drop the answer.
            self.loaded.rows.add((statements.table.name, identity))
        known = self._rows.find((row, identity))
        if known is not None:
            if for_update and statements.locks and not self._lock(known, statements):
                return None
            return cast("RowT", known)
        shape = statements.locked_by_key if for_update else statements.by_key
        records = self._driver.fetch(shape.sql, statements.bind_key(identity))
        if not records:
            return None
        if id(found := self._rows.adopt((row, identity), shape.parts[0].load(records[0]))) in (
            self._rows.deleted
        ):
            return None
        return cast("RowT", found)

    def get_one(self, row: type[RowT], key: Any, *, for_update: bool = False) -> RowT:
        """The row with this primary key.

        Raises:
            sqlalchemy.exc.NoResultFound: there is none.
        """
        found = self.get(row, key, for_update=for_update)
        if found is None:
            raise NoResultFound(f"There is no {row.__name__} of this key.")
        return found

    def add(self, row: Row) -> None:
        """Insert `row` at the next flush."""
        if self._rows.deleted:
            # It may take the place of one of these.
            self.flush()
        statements = statements_of(type(row), self._driver.dialect)
        stamp(row, self.now)
        self._rows.add((type(row), statements.key(row)), row)

    def add_all(self, rows: Iterable[Row]) -> None:
        """Insert rows at the next flush."""
        for row in rows:
            self.add(row)

    def delete(self, row: Row) -> None:
        """Delete `row` at the next flush."""
        statements = statements_of(type(row), self._driver.dialect)
        self._rows.delete((type(row), statements.key(row)), row)

    def upsert(self, row: Row) -> None:
        """Insert `row`, or give all its values to the row that has its key, in one statement.

        `created_at` of the row that is there stays. Objects read before do not hear of it.
        """
        self._flush_before_statement()
        statements = statements_of(type(row), self._driver.dialect)
        stamp(row, self.now)
        sql, bind = statements.upsert
        self._driver.execute(sql, bind(row))
        self._rows.forget((type(row), statements.key(row)))
        self._rows.let_go(row)
        self._note_written(row, statements)

    def refresh(self, row: Row, *, for_update: bool = False) -> None:
        """Read a row anew, and drop changes of it that were not written.

        Raises:
            sqlalchemy.exc.NoResultFound: it is not there any more.
        """
        self._flush_before_statement()
        statements = statements_of(type(row), self._driver.dialect)
        shape = statements.locked_by_key if for_update else statements.by_key
        self._read_again(row, statements, shape.sql)

    def is_modified(self, row: Row) -> bool:
        """Tell whether a column of the row has another value than the database knows."""
        changed = self._rows.changed.get(id(row))
        return id(row) in self._rows.new or (changed is not None and bool(changed.names()))

    @overload
    def scalars(
        self, statement: Prepared[T, *tuple[Any, ...]], values: Values | None = None
    ) -> Result[T]: ...
    @overload
    def scalars(
        self, statement: TypedReturnsRows[T, *tuple[Any, ...]], values: Values | None = None
    ) -> Result[T]: ...
    def scalars(self, statement: Any, values: Values | None = None) -> Result[Any]:
        """Run a statement and answer what it selects first: rows, or the values of a column."""
        if isinstance(statement, Prepared):
            return self._prepared_scalars(statement, values)
        return self.execute(statement, values).scalars()

    @overload
    def scalar(
        self, statement: Prepared[T, *tuple[Any, ...]], values: Values | None = None
    ) -> T | None: ...
    @overload
    def scalar(
        self, statement: TypedReturnsRows[T, *tuple[Any, ...]], values: Values | None = None
    ) -> T | None: ...
    def scalar(self, statement: Any, values: Values | None = None) -> Any:
        """Run a statement and answer what it selects first, of its first record; or nothing."""
        return self.scalars(statement, values).first()

    @overload
    def execute(
        self, statement: Prepared[*Ts], values: Values | Sequence[Values] | None = None
    ) -> Result[tuple[*Ts]]: ...
    @overload
    def execute(
        self,
        statement: TypedReturnsRows[*Ts],
        values: Values | Sequence[Values] | None = None,
    ) -> Result[tuple[*Ts]]: ...
    @overload
    def execute(
        self,
        statement: Insert | Update | Delete | TextClause,
        values: Values | Sequence[Values] | None = None,
    ) -> Result[Any]: ...
    def execute(
        self, statement: Any, values: Values | Sequence[Values] | None = None
    ) -> Result[Any]:
        """Run a statement and answer its records; with a sequence of values, once with each."""
        if isinstance(statement, Prepared):
            return self._execute_prepared(statement, values)
        if isinstance(values, Sequence) and not values:
            # SQLAlchemy would run it once, without values.
            return Result((), 0)
        self._flush_before_statement()
        self._note_statement(statement)
        if values is None or isinstance(values, Mapping):
            bound = bound_shape(statement, self._driver.dialect, values or {})
            if bound is not None:
                return self._answer(*bound)
        with self._whole() if isinstance(values, Sequence) else nullcontext():
            cursor = self._driver.run(statement, values)
        if not cursor.returns_rows:
            return Result((), cursor.rowcount)
        parts = selected(statement)
        records = cursor.all()
        if all(row is None for row, _, _ in parts):
            return Result(records, len(records))
        return Result([self._of_record(record, parts) for record in records], len(records))

    def flush(self) -> None:
        """Write what is pending.

        Raises:
            ConstraintViolated: the database refuses a row.
            StaleRow: somebody else changed or deleted a row since it was read.
        """
        if self._rows.is_clean:
            return
        with self._whole():
            written = write_all(self._rows, self._driver, self.now)
        for each in written:
            self._note_written(each.row, each.statements)
            if each.deleted:
                self.changed.tables |= each.statements.cascades

    @property
    @contextmanager
    def no_autoflush(self) -> Iterator[None]:
        """Within the block, statements do not see what is pending."""
        before, self._autoflush = self._autoflush, False
        try:
            yield
        finally:
            self._autoflush = before

    @contextmanager
    def savepoint(self) -> Iterator[None]:
        """Undo what the block wrote when it raises; the transaction goes on.

        After that, rows read before the block are read anew, and objects of them cannot be
        changed.
        """
        self.flush()
        self._savepoints += 1
        name = f"colonnade_{self._savepoints}"
        left = frozenset(self.left)
        is_lost = self._is_lost
        self._driver.execute(f"SAVEPOINT {name}", ())
        try:
            yield
            self.flush()
        except BaseException:
            # Some errors end the transaction by themselves; then there is nothing to go back to.
            if self._driver.in_transaction:
                self._driver.execute(f"ROLLBACK TO SAVEPOINT {name}", ())
                self._driver.execute(f"RELEASE SAVEPOINT {name}", ())
            self._rows.end()
            self._rows = KnownRows()
            self._is_lost = is_lost
            self.left = set(left)
            raise
        self._driver.execute(f"RELEASE SAVEPOINT {name}", ())

    def _prepared_scalars(self, statement: Prepared[Any], values: Values | None) -> Result[Any]:
        self._before_prepared(statement)
        shape = statement.shape(self._driver.dialect)
        records = self._driver.fetch(shape.sql, shape.bind(values or {}))
        part = shape.parts[0]
        if part.row is None:
            return Result(map(part.load, records))
        return Result([self._adopted(part.load(record)) for record in records])

    def _execute_prepared(
        self, statement: Prepared[Any], values: Values | Sequence[Values] | None
    ) -> Result[Any]:
        self._before_prepared(statement)
        shape = statement.shape(self._driver.dialect)
        if values is not None and not isinstance(values, Mapping):
            bound = [shape.bind(each) for each in values]
            with self._whole():
                return Result((), self._driver.execute_many(shape.sql, bound) if bound else 0)
        return self._answer(shape, shape.bind(values or {}))

    def _answer(self, shape: Shape, parameters: tuple[Any, ...]) -> Result[Any]:
        if not shape.parts:
            return Result((), self._driver.execute(shape.sql, parameters))
        records = self._driver.fetch(shape.sql, parameters)
        if shape.plain:
            return Result(map(shape.record, records), len(records))
        return Result(
            [
                tuple(
                    part.load(record) if part.row is None else self._adopted(part.load(record))
                    for part in shape.parts
                )
                for record in records
            ],
            len(records),
        )

    def _before_prepared(self, statement: Prepared[Any]) -> None:
        self._flush_before_statement()
        if self.loaded is not None:
            self.loaded.tables |= statement.reads
        if statement.writes:
            self.changed.tables |= statement.writes
            self.left |= statement.work_left
            self._rows.forget_tables(statement.writes)

    @contextmanager
    def _whole(self) -> Iterator[None]:
        """Note that the block failed halfway, which only a rollback can undo."""
        try:
            yield
        except BaseException:
            self._is_lost = True
            raise

    def _flush_before_statement(self) -> None:
        if self._autoflush and not self._rows.is_clean:
            self.flush()

    def _note_statement(self, statement: Executable) -> None:
        if statement.is_select:
            if self.loaded is not None:
                self.loaded.tables |= tables_in([statement])
            return
        self.left |= work_left(statement)
        written = tables_written(statement)
        self.changed.tables |= written
        self._rows.forget_tables(written)
        if self.loaded is not None and isinstance(statement, TextClause):
            self.loaded.tables.add(ANY_TABLE)

    def _note_written(self, row: Row, statements: RowStatements) -> None:
        table = statements.table
        if PENDING_WORK in table.info:
            self.left.add((table.name, statements.key(row)))
        if statements.tracked:
            self.changed.rows.add((table.name, statements.key(row)))

    def _of_record(self, record: Any, parts: Sequence[Any]) -> tuple[Any, ...]:
        values = []
        start = 0
        for row, _, columns in parts:
            if row is None:
                values += record[start : start + len(columns)]
            else:
                given = zip(columns, record[start:], strict=False)
                values.append(self._adopted(row(**{each.key: value for each, value in given})))
            start += len(columns)
        return tuple(values)

    def _adopted(self, row: RowT) -> RowT:
        statements = statements_of(type(row), self._driver.dialect)
        return cast("RowT", self._rows.adopt((type(row), statements.key(row)), row))

    def _lock(self, row: Row, statements: RowStatements) -> bool:
        """Read a row anew and lock it; false when it is not there any more."""
        if id(row) in self._rows.new:
            # Nobody else can have it.
            return True
        if id(row) in self._rows.changed:
            self.flush()
        try:
            self._read_again(row, statements, statements.locked_by_key.sql)
        except NoResultFound:
            self._rows.forget((type(row), statements.key(row)))
            return False
        return True

    def _read_again(self, row: Row, statements: RowStatements, sql: str) -> None:
        key = statements.key(row)
        records = self._driver.fetch(sql, statements.bind_key(key))
        if not records:
            raise NoResultFound(f"{row!r} is not there any more.")
        fresh = statements.by_key.parts[0].load(records[0])
        for name in statements.all_names:
            set_column(row, name, getattr(fresh, name))
        self._rows.changed.pop(id(row), None)

    def _write_all(self) -> None:
        """Flush for the last time.

        Raises:
            InternalError: a flush or a statement with several values has failed, and no savepoint
                has undone what it wrote before.
        """
        if self._is_lost:
            raise InternalError(
                "A write failed halfway and the unit of work went on: it cannot commit. Let the "
                "error out, or set a savepoint around what may fail."
            )
        self.flush()
