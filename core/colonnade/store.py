"""The SQL store port: one store per service and tenant, reached only with a tenant in context.

A unit of work is a plain function of a `Session`. The store owns begin, commit, retries and the
outbox, so nothing can await the bus inside a transaction and no transaction spans two services.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Any, Protocol, TypeVar

import msgspec
from sqlalchemy import Connection, orm
from sqlalchemy import event as sqlalchemy_event

from colonnade.clock import Clock
from colonnade.context import context_or_none
from colonnade.events import Envelope, Event, event_type_of
from colonnade.identifiers import new_id
from colonnade.tables import OutboxRow, Timestamped

T = TypeVar("T")


class Session(orm.Session):
    """An SQLAlchemy session that knows its tenant and can publish events.

    Made by a store, one per unit of work. `now` is the time of the unit of work: every row and
    event it writes carries the same instant.
    """

    def __init__(self, bind: Connection, *, service: str, tenant: str, clock: Clock) -> None:
        super().__init__(bind=bind, autoflush=True, expire_on_commit=False)
        self.service = service
        self.tenant = tenant
        self.now: datetime = clock.now()
        self.published = 0

    def publish(self, event: Event) -> None:
        """Write `event` to the outbox of this transaction.

        It leaves only if, and as soon as, the transaction commits.
        """
        declared = event_type_of(type(event))
        context = context_or_none()
        key = str(getattr(event, declared.key))
        envelope = Envelope(
            id=new_id(),
            source=f"/colonnade/{self.tenant}/{declared.service}",
            type=declared.type,
            subject=key,
            time=self.now,
            tenant=self.tenant,
            traceparent=context.traceparent if context else "",
            causation=context.request_id if context else "",
            data=msgspec.Raw(event.encode()),
        )
        row = OutboxRow(
            event_id=envelope.id,
            type=declared.type,
            key=key,
            envelope=envelope.encode(),
            created_at=self.now,
        )
        self.add(row)
        self.published += 1


@sqlalchemy_event.listens_for(Session, "before_flush")
def _stamp(session: Session, flush_context: Any, instances: Any) -> None:
    for row in session.new:
        if isinstance(row, Timestamped):
            row.created_at = row.created_at or session.now
            row.updated_at = session.now
    for row in session.dirty:
        if isinstance(row, Timestamped) and session.is_modified(row):
            row.updated_at = session.now


class SqlStore(Protocol):
    """A service's SQL store. The tenant is always the one in context.

    Both methods raise `InternalError` without a tenant in context and `Unavailable` when the
    store cannot be reached or is full.
    """

    async def run(self, work: Callable[[Session], T]) -> T:
        """Run `work` in one durable transaction and answer what it returns.

        `work` may run again when the database reports a serialization failure, so it changes
        nothing but the session. What it raises rolls everything back.
        """
        ...

    async def read(self, work: Callable[[Session], T]) -> T:
        """Run `work` on a snapshot that cannot be written to."""
        ...
