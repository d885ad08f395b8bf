"""Write transactions on the thread that has a tenant's file: one unit of work, or several at once.

Units of work that wait for the same file share a transaction, each under a savepoint of its own,
and so one commit, which is what costs. Nobody hears of a unit before that commit is durable. When
anything but a unit's own refusal stands in the way, the transaction is rolled back and each unit
runs in one of its own, as if it had never met the others.
"""

import sqlite3
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext

from colonnade.crash_points import crash_point, reach
from colonnade_runtime.adapters.store.sqlite.driver import SqliteDriver
from colonnade_runtime.adapters.store.sqlite.files.failures import (
    leaves_connection_unsure,
    primary_code,
    translated,
)
from colonnade_runtime.adapters.store.sqlite.files.tenant_file import TenantFile
from colonnade_runtime.adapters.store.sqlite.write_unit import AnyUnit

ATTEMPTS = 3
"""How often a transaction is begun when another process holds the file, 2 s of waiting each."""

SHARED_SECONDS = 0.02
"""How long units of work may keep those before them from their common commit."""

BEFORE_COMMIT = crash_point(
    "store.flushed", "Everything is written to the transaction; it has not committed."
)
AFTER_COMMIT = crash_point(
    "store.committed", "The transaction is durable; nobody has been told of it."
)

Holding = Callable[[str], AbstractContextManager[None]]
"""Names a tenant in the work index for as long as a commit takes; see `SqliteWorkIndex.holding`."""


class _CannotShare(Exception):
    """A common transaction was rolled back; every unit of it is to run by itself."""


class _Unsure(Exception):
    """A common commit has failed, and nobody can tell whether it happened; its cause is why."""


class WriteTransaction:
    """Commits units of work to one file, in their order; `monotonic` counts seconds."""

    def __init__(self, file: TenantFile, holding: Holding, monotonic: Callable[[], float]) -> None:
        self._file = file
        self._holding = holding
        self._monotonic = monotonic

    def run(self, units: Sequence[AnyUnit]) -> Sequence[AnyUnit]:
        """Give each unit its outcome; answers those that are still to be done.

        A transaction ends early so that the first units do not wait for the work of the last.
        """
        if len(units) > 1:
            try:
                return units[self._together(units) :]
            except _CannotShare:
                pass
            except BaseException as error:
                for unit in units:
                    unit.failed(error)
                return ()
        for unit in units:
            self._alone(unit)
        return ()

    def _together(self, units: Sequence[AnyUnit]) -> int:
        """Commit the first of `units` in one transaction; answers how many."""
        driver = self._begun(units)
        kept: list[AnyUnit] = []
        try:
            taken = self._carried_out(driver, units, kept)
            if kept:
                self._commit(driver, kept)
        except _Unsure as unsure:
            self._tell_unsure(kept, unsure)
            return taken
        except BaseException as error:
            self._roll_back(driver)
            for unit in units:
                unit.undo()
            if isinstance(error, Exception):
                raise _CannotShare from error
            raise
        if not kept:
            self._roll_back(driver)
        for unit in kept:
            unit.committed()
        return taken

    def _begun(self, units: Sequence[AnyUnit]) -> SqliteDriver:
        try:
            self._file.wait_at_most(max(unit.seconds_left() for unit in units))
            driver = SqliteDriver(self._file.writer())
            driver.begin()
        except Exception as error:
            self._doubt(error)
            raise _CannotShare from error
        return driver

    def _carried_out(
        self, driver: SqliteDriver, units: Sequence[AnyUnit], kept: list[AnyUnit]
    ) -> int:
        started = self._monotonic()
        refused: list[tuple[AnyUnit, BaseException]] = []
        taken = 0
        for unit in units:
            taken += 1
            driver.execute("SAVEPOINT unit", ())
            try:
                unit.carry_out(driver)
            except BaseException as error:
                self._undo_one(driver, error)
                refused.append((unit, error))
            else:
                kept.append(unit)
            driver.execute("RELEASE unit", ())
            if self._monotonic() - started > SHARED_SECONDS:
                break
        for unit, refusal in refused:
            if isinstance(refusal, Exception):
                refusal = translated(refusal, self._file.label)
            unit.failed(refusal)
        return taken

    def _undo_one(self, driver: SqliteDriver, error: BaseException) -> None:
        """Undo what one unit wrote; that it was refused is its own affair.

        Raises:
            _CannotShare: what it met is not, or the database has ended the transaction.
        """
        is_refusal = primary_code(error) in (None, sqlite3.SQLITE_CONSTRAINT)
        if leaves_connection_unsure(error) or not is_refusal or not driver.in_transaction:
            self._doubt(error)
            raise _CannotShare from error
        driver.execute("ROLLBACK TO unit", ())

    def _commit(self, driver: SqliteDriver, units: Sequence[AnyUnit]) -> None:
        left = any(unit.left for unit in units)
        with self._holding(self._file.tenant) if left else nullcontext():
            reach(BEFORE_COMMIT)
            begun: list[AnyUnit] = []
            try:
                for unit in units:
                    unit.begin_commit()
                    begun.append(unit)
                driver.commit()
            except Exception as error:
                was_tried = len(begun) == len(units) and not driver.in_transaction
                if was_tried and primary_code(error) != sqlite3.SQLITE_FULL:
                    raise _Unsure from error
                # A full disk ends the transaction by itself, and nothing of it is there.
                for unit in begun:
                    unit.withdraw_commit()
                raise
        reach(AFTER_COMMIT)

    def _tell_unsure(self, units: Sequence[AnyUnit], unsure: _Unsure) -> None:
        """Tell everybody: it may have happened, so nobody runs again."""
        error = unsure.__cause__
        assert isinstance(error, Exception)
        self._doubt(error)
        for unit in units:
            unit.failed(translated(error, self._file.label))

    def _alone(self, unit: AnyUnit) -> None:
        try:
            for attempt in range(1, ATTEMPTS + 1):
                try:
                    unit.refuse_abandoned()
                    self._file.wait_at_most(unit.seconds_left())
                    self._run_once(unit)
                    return
                except Exception as error:
                    unit.undo()
                    self._doubt(error)
                    again = attempt < ATTEMPTS and unit.seconds_left() > 0
                    if primary_code(error) == sqlite3.SQLITE_BUSY and again:
                        continue
                    known = translated(error, self._file.label)
                    try:
                        if known is error:
                            raise
                        raise known from error
                    finally:
                        # A traceback and the frame that holds it are a cycle.
                        del known
        except BaseException as error:
            unit.failed(error)

    def _run_once(self, unit: AnyUnit) -> None:
        driver = SqliteDriver(self._file.writer())
        driver.begin()
        try:
            unit.carry_out(driver)
            with self._holding(self._file.tenant) if unit.left else nullcontext():
                unit.refuse_abandoned()
                reach(BEFORE_COMMIT)
                unit.begin_commit()
                driver.commit()
        finally:
            if driver.in_transaction:
                self._roll_back(driver)
        reach(AFTER_COMMIT)
        unit.committed()

    def _doubt(self, error: BaseException) -> None:
        if isinstance(error, Exception) and leaves_connection_unsure(error):
            self._file.drop_writer()
            self._file.unsure = True

    def _roll_back(self, driver: SqliteDriver) -> None:
        try:
            driver.roll_back()
        except sqlite3.Error:
            # Closing the connection rolls back as well.
            self._file.drop_writer()
