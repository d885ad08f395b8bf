"""One write transaction on the thread that has the file's turn."""

import sqlite3
import threading
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from colonnade.crash_points import crash_point, reach
from colonnade.errors import Unavailable
from colonnade.rows.row_tracking import RowSet
from colonnade.store import Session
from colonnade_runtime.adapters.store.sqlite.driver import SqliteDriver
from colonnade_runtime.adapters.store.sqlite.files.failures import (
    leaves_connection_unsure,
    primary_code,
    translated,
)
from colonnade_runtime.adapters.store.sqlite.files.tenant_file import TenantFile

T = TypeVar("T")

ATTEMPTS = 3
"""How often a transaction is begun when another process holds the file, 2 s of waiting each."""

BEFORE_COMMIT = crash_point(
    "store.flushed", "Everything is written to the transaction; it has not committed."
)
AFTER_COMMIT = crash_point(
    "store.committed", "The transaction is durable; nobody has been told of it."
)

Guard = Callable[[Session], None]
"""Looks at a session just before its commit, and raises when it must not happen."""


@dataclass(slots=True)
class CommitResult(Generic[T]):
    """Result of a committed transaction."""

    result: T
    changed: RowSet
    pending_work: bool


@dataclass(slots=True, eq=False)
class WriteTransaction(Generic[T]):
    """A unit of work with everything it needs to commit."""

    file: TenantFile
    work: Callable[[Session], T]
    session: Callable[[SqliteDriver], Session]
    guard: Guard | None
    holding: Callable[[str], AbstractContextManager[None]]
    seconds: float = field(default=float("inf"))
    """How long it may wait for another process that holds the file, from now on."""
    maybe_committed: bool = field(default=False)
    """A commit was tried: after an error it may have happened all the same."""
    _abandoned: bool = field(default=False)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def abandon(self) -> bool:
        """Abandon it, since nobody waits any more; True when that came before its commit."""
        with self._lock:
            self._abandoned = True
            return not self.maybe_committed

    def run(self) -> CommitResult[T]:
        """Run and commit.

        Raises:
            Unavailable: when the file cannot be used; nothing was changed.
        """
        until = time.monotonic() + self.seconds
        for attempt in range(1, ATTEMPTS + 1):
            try:
                self._refuse_abandoned()
                self.file.wait_at_most(until - time.monotonic())
                return self._run_once()
            except Exception as error:
                if leaves_connection_unsure(error):
                    self.file.drop_writer()
                    self.file.unsure = True
                again = attempt < ATTEMPTS and time.monotonic() < until
                if primary_code(error) == sqlite3.SQLITE_BUSY and again:
                    continue
                known = translated(error, self.file.label)
                try:
                    if known is error:
                        raise
                    raise known from error
                finally:
                    # A traceback and the frame that holds it are a cycle.
                    del known
        raise AssertionError("unreachable")

    def _run_once(self) -> CommitResult[T]:
        driver = SqliteDriver(self.file.writer())
        driver.begin()
        try:
            session = self.session(driver)
            try:
                result = self.work(session)
                self._finish(session)
                hold = self.holding(self.file.tenant) if session.pending_work else nullcontext()
                with hold:
                    self._refuse_abandoned()
                    reach(BEFORE_COMMIT)
                    self._begin_commit()
                    driver.commit()
            finally:
                session.close()
        finally:
            if driver.in_transaction:
                self._roll_back(driver)
        reach(AFTER_COMMIT)
        return CommitResult(result, session.changed, session.pending_work)

    def _refuse_abandoned(self) -> None:
        if self._abandoned:
            raise Unavailable("Nobody waits for this transaction any more.")

    def _begin_commit(self) -> None:
        # Under the lock that `abandon` takes: either the caller gives up before the commit, and it
        # never is, or the commit has begun, and the caller waits for how it ends.
        with self._lock:
            self._refuse_abandoned()
            self.maybe_committed = True

    def _finish(self, session: Session) -> None:
        if self.guard is not None:
            session.flush()
            self.guard(session)
        session.finish()

    def _roll_back(self, driver: SqliteDriver) -> None:
        try:
            driver.roll_back()
        except sqlite3.Error:
            # Closing the connection rolls back as well.
            self.file.drop_writer()
