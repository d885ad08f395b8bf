"""The SQL store port: one store per service and tenant, reached only with a tenant in context.

A unit of work is a plain function of a `Session`. The store owns begin, commit, retries and the
outbox, so nothing can await the bus inside a transaction and no transaction spans two services.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Protocol, TypeVar

import msgspec
from sqlalchemy import insert

from colonnade.clock import Clock
from colonnade.context import Context, PrincipalKind, context_or_none
from colonnade.errors import InternalError
from colonnade.events import Envelope, Event, event_source, event_type_of
from colonnade.identifiers import new_id
from colonnade.rows.driver import Driver
from colonnade.rows.prepared import Prepared, prepare
from colonnade.rows.unit_of_work import UnitOfWork
from colonnade.tables import OutboxRow

T = TypeVar("T")

_INSERT_OUTBOX: Prepared[()] = prepare(
    insert(OutboxRow), columns=("event_id", "type", "key", "envelope", "created_at")
)


class Session(UnitOfWork):
    """A unit of work on one tenant's store: reads and writes rows, and publishes events.

    Made by a store, one per unit of work; see `UnitOfWork` for rows and statements. Every event it
    publishes carries the unit's time.
    """

    def __init__(self, driver: Driver, *, service: str, tenant: str, clock: Clock) -> None:
        super().__init__(driver, clock.now())
        self.service = service
        self.tenant = tenant
        self.published = 0
        self._outbox: list[dict[str, Any]] = []
        self._if_undone: list[Callable[[], None]] = []

    @property
    def has_changes(self) -> bool:
        """True when something is to be written that is not yet."""
        return super().has_changes or bool(self._outbox)

    @contextmanager
    def savepoint(self) -> Iterator[None]:
        """Undo what the block wrote and published when it raises; the transaction goes on.

        After that, rows read before the block are read anew, and objects of them cannot be
        changed.
        """
        waiting, published = len(self._outbox), self.published
        try:
            with super().savepoint():
                yield
        except BaseException:
            del self._outbox[waiting:]
            self.published = published
            raise

    def commit(self) -> None:
        """Refused: the store commits, after the work has returned."""
        raise InternalError("A unit of work does not commit; it returns, and the store commits.")

    def rollback(self) -> None:
        """Refused: a unit of work that must not take effect raises."""
        raise InternalError("A unit of work does not roll back; it raises, and the store does.")

    def publish(self, event: Event) -> None:
        """Write `event` to the outbox of this transaction, at its end.

        It leaves only if, and as soon as, the transaction commits.
        """
        declared = event_type_of(type(event))
        context = context_or_none()
        key = str(getattr(event, declared.key))
        envelope = Envelope(
            id=new_id(),
            source=event_source(self.tenant, declared.service),
            type=declared.type,
            subject=key,
            time=self.now,
            tenant=self.tenant,
            traceparent=context.traceparent if context else "",
            causation=context.request_id if context else "",
            actor=_person_of(context),
            data=msgspec.Raw(event.encode()),
        )
        self._outbox.append(
            {
                "event_id": envelope.id,
                "type": declared.type,
                "key": key,
                "envelope": envelope.encode(),
                "created_at": self.now,
            }
        )
        self.published += 1
        self.left.add(OutboxRow.__tablename__)

    def finish(self) -> None:
        """Send everything to the database. Called by the store, before it commits.

        Raises:
            InternalError: a write has failed halfway, and no savepoint has undone it.
        """
        self._write_all()
        if self._outbox:
            self.execute(_INSERT_OUTBOX, self._outbox)
            self._outbox = []

    def if_undone(self, restore: Callable[[], None]) -> None:
        """Call `restore` if this transaction is rolled back: the work may run again, and finds
        what it changed outside of the session as it was."""
        self._if_undone.append(restore)

    def undo(self) -> None:
        """Restore what `if_undone` was told of. Called by the store, after a rollback."""
        while self._if_undone:
            self._if_undone.pop()()

    def close(self) -> None:
        """Let go of every row. Called by the store, after the end."""
        self._rows.end()


def _person_of(context: Context | None) -> str:
    if context is None or context.principal.kind is not PrincipalKind.USER:
        return ""
    return context.principal.id


class SqlStore(Protocol):
    """A service's SQL store. The tenant is always the one in context.

    Both methods raise `InternalError` without a tenant in context and `Unavailable` when the
    store cannot be reached or is full.
    """

    async def run(self, work: Callable[[Session], T], *, linger: float = 0.0) -> T:
        """Run `work` in one durable transaction and answer what it returns.

        Units of work that wait for the same database may share its transaction, each under a
        savepoint: what one of them raises rolls back what it did, and nothing of the others. With
        `linger`, `work` may wait so many seconds for another to share with.

        `work` may run again, when the database reports a serialization failure or a common
        transaction did not commit, so it changes nothing but the session.
        """
        ...

    async def read(self, work: Callable[[Session], T]) -> T:
        """Run `work` on a snapshot that cannot be written to."""
        ...
