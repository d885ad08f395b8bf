"""The SQL store port: one store per service and tenant, reached only with a tenant in context.

A unit of work is a plain function of a `Session`. The store owns begin, commit, retries and the
outbox, so nothing can await the bus inside a transaction and no transaction spans two services.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Any, Protocol, TypeVar

import msgspec
from sqlalchemy import Connection, Insert, Table, TextClause, insert, inspect, orm
from sqlalchemy import event as sqlalchemy_event

from colonnade.clock import Clock
from colonnade.context import Context, PrincipalKind, context_or_none
from colonnade.errors import InternalError
from colonnade.events import Envelope, Event, event_source, event_type_of
from colonnade.identifiers import new_id
from colonnade.row_tracking import (
    ANY_TABLE,
    RowSet,
    association_tables,
    cascaded_tables,
    eager_tables,
    row_key,
    table_name,
    tables_in,
    tables_written,
    tracked_reads,
)
from colonnade.tables import PENDING_WORK, PLACEHOLDER_SCHEMA, PlatformBase, Timestamped

T = TypeVar("T")
RowT = TypeVar("RowT")


_INSERT_OUTBOX = insert(PlatformBase.metadata.tables[f"{PLACEHOLDER_SCHEMA}.colonnade_outbox"])


class Session(orm.Session):
    """An SQLAlchemy session that knows its tenant and can publish events.

    Made by a store, one per unit of work. `now` is the time of the unit of work: every row and
    event it writes carries the same instant. `changed` is what it wrote; `loaded` what it read,
    when somebody tracks the reads of this call. `pending_work` says that it leaves something to
    be done after the commit (an event to send, a timer, a saga). Rows inserted into a table that
    is declared with `info={PENDING_WORK: True}` set it by themselves, and so do rows of it that
    the ORM changes; work that wakes such rows with an UPDATE statement sets it itself.
    """

    def __init__(self, bind: Connection, *, service: str, tenant: str, clock: Clock) -> None:
        super().__init__(bind=bind, autoflush=True, expire_on_commit=False)
        self.service = service
        self.tenant = tenant
        self.now: datetime = clock.now()
        self.published = 0
        self.pending_work = False
        self.changed = RowSet()
        self.loaded: RowSet | None = tracked_reads()
        self._getting = False
        self._connection = bind
        self._outbox: list[dict[str, Any]] = []

    def get(self, entity: type[RowT] | orm.Mapper[RowT], ident: Any, **options: Any) -> RowT | None:
        """The row with this primary key, or nothing; see `sqlalchemy.orm.Session.get`."""
        if self.loaded is None:
            return super().get(entity, ident, **options)
        mapper = inspect(entity)
        # Noted before it is looked for: that a row is absent is read, too, and its insert must drop
        # the answer. The flag keeps the statement that follows from counting as a read of the whole
        # table.
        self.loaded.rows.add(row_key(mapper, ident))
        self.loaded.tables |= eager_tables(mapper)
        self._getting = True
        try:
            return super().get(entity, ident, **options)
        finally:
            self._getting = False

    def connection(self, *arguments: Any, **options: Any) -> Connection:
        """The connection beneath; what runs on it is not seen, so it counts as anything at all."""
        self._note_anything()
        return super().connection(*arguments, **options)

    def bulk_save_objects(self, *arguments: Any, **options: Any) -> None:
        """See `sqlalchemy.orm.Session.bulk_save_objects`; counts as a change of anything."""
        self._note_anything()
        super().bulk_save_objects(*arguments, **options)

    def bulk_insert_mappings(self, *arguments: Any, **options: Any) -> None:
        """See `sqlalchemy.orm.Session.bulk_insert_mappings`; counts as a change of anything."""
        self._note_anything()
        super().bulk_insert_mappings(*arguments, **options)

    def bulk_update_mappings(self, *arguments: Any, **options: Any) -> None:
        """See `sqlalchemy.orm.Session.bulk_update_mappings`; counts as a change of anything."""
        self._note_anything()
        super().bulk_update_mappings(*arguments, **options)

    def _note_anything(self) -> None:
        self.changed.tables.add(ANY_TABLE)
        if self.loaded is not None:
            self.loaded.tables.add(ANY_TABLE)

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
        self.pending_work = True

    def finish(self) -> None:
        """Send everything to the database. Called by the store, before it commits."""
        self.flush()
        if self._outbox:
            # Past the unit of work of the ORM: half the time, and one statement for all events.
            self._connection.execute(_INSERT_OUTBOX, self._outbox)
            self._outbox = []


def _person_of(context: Context | None) -> str:
    if context is None or context.principal.kind is not PrincipalKind.USER:
        return ""
    return context.principal.id


@sqlalchemy_event.listens_for(Session, "before_flush")
def _stamp(session: Session, flush_context: Any, instances: Any) -> None:
    for row in session.new:
        if isinstance(row, Timestamped):
            if vars(row).get("created_at") is None:
                row.created_at = session.now
            row.updated_at = session.now
    for row in session.dirty:
        if isinstance(row, Timestamped) and session.is_modified(row):
            row.updated_at = session.now


@sqlalchemy_event.listens_for(Session, "after_flush")
def _note_changed_rows(session: Session, flush_context: Any) -> None:
    changed = session.changed
    # Not `new`, `dirty` and `deleted`: a relationship may write rows that are none of these.
    for state, (deleted, only_listed) in flush_context.states.items():
        mapper = state.mapper
        table = mapper.local_table
        if only_listed:
            continue
        if not isinstance(table, Table):
            changed.tables.add(ANY_TABLE)
            continue
        if PENDING_WORK in table.info:
            session.pending_work = True
        if table.metadata is not PlatformBase.metadata:
            identity = state.key[1] if state.key else mapper.primary_key_from_instance(state.obj())
            changed.rows.add((table_name(mapper), tuple(identity)))
            changed.tables |= association_tables(mapper)
        if deleted:
            for target in mapper.tables:
                changed.tables |= cascaded_tables(target)


@sqlalchemy_event.listens_for(Session, "do_orm_execute")
def _note_statement(state: orm.ORMExecuteState) -> None:
    session = state.session
    assert isinstance(session, Session)
    if state.is_select:
        if session.loaded is not None and not (session._getting or state.is_column_load):
            session.loaded.tables |= tables_in([state.statement])
        return
    statement = state.statement
    if isinstance(statement, Insert) and PENDING_WORK in getattr(statement.table, "info", ()):
        session.pending_work = True
    session.changed.tables |= tables_written(statement)
    if session.loaded is not None and isinstance(statement, TextClause):
        session.loaded.tables.add(ANY_TABLE)


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
