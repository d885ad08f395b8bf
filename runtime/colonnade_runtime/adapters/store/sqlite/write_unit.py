"""A unit of work on its way into a tenant's file: queued, carried out, committed with others."""

import threading
import time
from collections.abc import Callable
from contextvars import Context, copy_context
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from colonnade.errors import Unavailable
from colonnade.rows.row_tracking import Left, RowSet
from colonnade.store import Session
from colonnade_runtime.adapters.store.sqlite.driver import SqliteDriver

T = TypeVar("T")

Guard = Callable[[Session], None]
"""Guard of a session just before its commit; raises when it must not happen."""


@dataclass(slots=True)
class CommitResult(Generic[T]):
    """Result of a committed unit of work, and what it `left` to be done: see `Session.left`."""

    result: T
    changed: RowSet
    left: Left


@dataclass(slots=True, eq=False)
class WriteUnit(Generic[T]):
    """One unit of work with everything it needs to commit.

    It is made and given up on the loop, and carried out on the thread that has the file, where
    `outcome` is set once.
    """

    work: Callable[[Session], T]
    session: Callable[[SqliteDriver], Session]
    guard: Guard | None
    until: float = field(default=float("inf"))
    """When its caller stops waiting, on the monotonic clock."""
    lingers: bool = field(default=False)
    """It waits for company rather than for the file."""
    has_begun: bool = field(default=False)
    maybe_committed: bool = field(default=False)
    """A commit was tried: after an error it may have happened all the same."""
    outcome: CommitResult[T] | BaseException | None = field(default=None)
    # What it does is done in the context of its caller, on whatever thread.
    _context: Context = field(default_factory=copy_context)
    _done: tuple[Session, T] | None = field(default=None)
    _abandoned: bool = field(default=False)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def is_abandoned(self) -> bool:
        """True once nobody waits for it."""
        return self._abandoned

    def abandon(self) -> bool:
        """Abandon it, since nobody waits any more; True when that came before its commit."""
        with self._lock:
            self._abandoned = True
            return not self.maybe_committed

    def seconds_left(self) -> float:
        """Seconds until its caller stops waiting."""
        return max(0.0, self.until - time.monotonic())

    def carry_out(self, driver: SqliteDriver) -> None:
        """Run the work and send all of it to the database.

        Raises:
            BaseException: whatever the work or the guard raises.
        """
        self.has_begun = True
        self.refuse_abandoned()
        self._context.run(self._carry_out, driver)

    def _carry_out(self, driver: SqliteDriver) -> None:
        session = self.session(driver)
        try:
            result = self.work(session)
            if self.guard is not None:
                session.flush()
                self.guard(session)
            session.finish()
        except BaseException:
            session.undo()
            raise
        finally:
            session.close()
        self._done = (session, result)

    def undo(self) -> None:
        """Forget what was carried out: its transaction was rolled back, and it may run again."""
        if self._done is not None:
            self._done[0].undo()
            self._done = None

    @property
    def left(self) -> Left:
        """Work that is left to be done after the commit, once it was carried out."""
        return frozenset() if self._done is None else frozenset(self._done[0].left)

    def begin_commit(self) -> None:
        """Note that its commit begins.

        Raises:
            Unavailable: its caller gave up before.
        """
        # Under the lock that `abandon` takes: either the caller gives up before the commit, and it
        # never is, or the commit has begun, and the caller waits for how it ends.
        with self._lock:
            self.refuse_abandoned()
            self.maybe_committed = True

    def withdraw_commit(self) -> None:
        """Take `begin_commit` back: the commit was not tried after all."""
        with self._lock:
            self.maybe_committed = False

    def committed(self) -> None:
        """Note that its transaction is durable."""
        assert self._done is not None
        session, result = self._done
        self.outcome = CommitResult(result, session.changed, frozenset(session.left))
        self._done = None

    def failed(self, error: BaseException) -> None:
        """Note that nothing of it was kept, or that nobody can tell."""
        self._done = None
        if isinstance(error, StopIteration):
            # A future cannot carry this one, and its waiter would wait for ever.
            self.outcome = RuntimeError("The unit of work raised StopIteration.")
            self.outcome.__cause__ = error
        else:
            self.outcome = error

    def refuse_abandoned(self) -> None:
        """Refuse to go on once nobody waits.

        Raises:
            Unavailable: nobody does.
        """
        if self._abandoned:
            raise Unavailable("Nobody waits for this transaction any more.")


AnyUnit = WriteUnit[Any]
