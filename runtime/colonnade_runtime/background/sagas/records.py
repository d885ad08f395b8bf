"""Sagas in the store: plain units of work."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    and_,
    bindparam,
    delete,
    exists,
    func,
    literal_column,
    or_,
    select,
    update,
)

from colonnade.control_store import Lease, fence_name
from colonnade.errors import NotFound
from colonnade.events import Work
from colonnade.rows import Prepared, prepare
from colonnade.saga_tables import SagaRow, SagaSignalRow
from colonnade.sagas import SagaPhase, SagaView, signal_data, view_of
from colonnade.store import Session
from colonnade.tables import StoreFact
from colonnade_runtime.background.acting.lease_fence import LeaseFence
from colonnade_runtime.background.sagas.saga_progress import SagaProgress, SagaRecord

# Literals, not parameters: only then does SQLite know that the index of active sagas will do,
# and does not read through all that have ended.
ACTIVE = SagaRow.phase.in_([literal_column(f"'{phase}'") for phase in SagaPhase if phase.is_active])
_ENDED = [str(phase) for phase in SagaPhase if phase.has_ended]

Change = Callable[[SagaProgress, datetime], SagaProgress]
"""A transition: from the progress in the store, at the time of the transaction."""


class Moved(Exception):
    """The saga is not where the transition was computed from; the transition is void."""


@dataclass(frozen=True, slots=True)
class Due:
    """Due sagas of a tenant: ids to go on with, and when to look again."""

    ids: Sequence[UUID]
    next_at: datetime | None


# These run after every commit that leaves work.
_NOW = bindparam("now", type_=SagaRow.wake_at.type)
_SIGNALED = and_(
    SagaRow.phase == SagaPhase.WAITING,
    exists().where(SagaSignalRow.saga_id == SagaRow.id, SagaSignalRow.name == SagaRow.waits_for),
)
_READY = prepare(
    select(SagaRow.id)
    .where(ACTIVE, or_(SagaRow.wake_at <= _NOW, _SIGNALED))
    .order_by(SagaRow.wake_at)
    .limit(bindparam("limit"))
)
_LATER = prepare(select(func.min(SagaRow.wake_at)).where(ACTIVE, SagaRow.wake_at > _NOW))
_SAVED = (*(each.name for each in fields(SagaProgress)), "revision", "updated_at")
_SAVE: Prepared[()] = prepare(
    update(SagaRow)
    .where(SagaRow.id == bindparam("saga_id"))
    .values({name: bindparam(name) for name in _SAVED})
)
# A wish to cancel is the one change of a row that its revision does not tell of.
_SAVE_AS_READ: Prepared[()] = prepare(
    update(SagaRow)
    .where(
        SagaRow.id == bindparam("saga_id"),
        SagaRow.revision == bindparam("before"),
        SagaRow.cancel_requested == bindparam("wished"),
        exists().where(StoreFact.name == bindparam("fence"), StoreFact.value == bindparam("token")),
    )
    .values({name: bindparam(name) for name in _SAVED})
)


def due(limit: int) -> Callable[[Session], Due]:
    """The first sagas in which something is to be done by now."""

    def work(session: Session) -> Due:
        ready = session.scalars(_READY, {"now": session.now, "limit": limit})
        return Due(list(ready), session.scalar(_LATER, {"now": session.now}))

    return work


def active_ids(session: Session) -> Sequence[UUID]:
    """Every saga that the platform goes on with by itself."""
    return list(session.scalars(select(SagaRow.id).where(ACTIVE)))


def has_active(session: Session) -> bool:
    """Tell whether the platform goes on with any saga by itself."""
    query = select(SagaRow.id).where(ACTIVE).limit(1)
    return session.execute(query).first() is not None


def load(identifier: UUID) -> Callable[[Session], SagaRecord]:
    """One saga.

    Raises:
        NotFound: when the tenant has none of this id.
    """

    def work(session: Session) -> SagaRecord:
        return SagaRecord.of(session.tenant, _row(session, identifier))

    return work


def signal(identifier: UUID, name: str) -> Callable[[Session], Mapping[str, Any] | None]:
    """The data of a signal that has arrived, else nothing."""

    def work(session: Session) -> Mapping[str, Any] | None:
        row = session.get(SagaSignalRow, (identifier, name))
        return None if row is None else signal_data(row)

    return work


def transition(
    record: SagaRecord, change: Change, effect: Work | None, fence: LeaseFence
) -> Callable[[Session], SagaRecord]:
    """Change one saga, together with what the step does in this store.

    The work raises `Moved` when the saga's revision is another than the record's, and `LeaseLost`
    when this process does not hold the lease any more.
    """

    def work(session: Session) -> SagaRecord:
        following = _as_read(session, record, change, fence.held())
        if following is None:
            following = _read_again(session, record, change, fence)
        if effect is not None:
            effect(session)
        return following

    return work


def _as_read(
    session: Session, record: SagaRecord, change: Change, lease: Lease
) -> SagaRecord | None:
    """Change a saga in one statement; nothing when it, or the fence, is not as it was."""
    progress = change(record.progress, session.now)
    revision = record.revision + 1
    values = progress.columns() | {"revision": revision, "updated_at": session.now}
    held = {"fence": fence_name(lease), "token": str(lease.token)}
    read = {"before": record.revision, "wished": record.progress.cancel_requested}
    saved = session.execute(_SAVE_AS_READ, values | held | read | {"saga_id": record.id})
    if saved.rowcount != 1:
        return None
    return replace(record, revision=revision, progress=progress)


def _read_again(
    session: Session, record: SagaRecord, change: Change, fence: LeaseFence
) -> SagaRecord:
    fence(session)
    row = _row(session, record.id)
    if row.revision != record.revision:
        raise Moved(f"Saga {record.id} is at revision {row.revision}, not {record.revision}.")
    return _save(session, row, change(SagaProgress.of(row), session.now))


def operate(
    identifier: UUID, change: Callable[[SagaRecord, datetime], SagaProgress]
) -> Callable[[Session], SagaRecord]:
    """Change one saga at an operator's wish, and have it looked at after the commit.

    A wish that leaves the phase as it is does not count as a transition: an action that is
    under way then still finds its saga, and the wish with it.
    """

    def work(session: Session) -> SagaRecord:
        row = _row(session, identifier)
        record = SagaRecord.of(session.tenant, row)
        progress = change(record, session.now)
        session.pending_work = True
        if progress == record.progress:
            return record
        return _save(session, row, progress, counts=progress.phase is not record.progress.phase)

    return work


def listing(
    phases: Sequence[SagaPhase], name: str | None, limit: int
) -> Callable[[Session], Sequence[SagaView]]:
    """The newest sagas in any of `phases` (all when empty), of one `name` if given."""

    def work(session: Session) -> Sequence[SagaView]:
        query = select(SagaRow).order_by(SagaRow.created_at.desc(), SagaRow.id).limit(limit)
        if phases:
            query = query.where(SagaRow.phase.in_([str(phase) for phase in phases]))
        if name is not None:
            query = query.where(SagaRow.name == name)
        return [view_of(session.tenant, row) for row in session.scalars(query)]

    return work


def prune(before: datetime, limit: int) -> Callable[[Session], int]:
    """Delete at most `limit` sagas that ended before `before`, with their signals."""

    def work(session: Session) -> int:
        query = (
            select(SagaRow.id)
            .where(SagaRow.phase.in_(_ENDED), SagaRow.updated_at < before)
            .limit(limit)
        )
        old = list(session.scalars(query))
        session.execute(delete(SagaSignalRow).where(SagaSignalRow.saga_id.in_(old)))
        return session.execute(delete(SagaRow).where(SagaRow.id.in_(old))).rowcount

    return work


def _row(session: Session, identifier: UUID) -> SagaRow:
    row = session.get(SagaRow, identifier)
    if row is None:
        raise NotFound(f"There is no saga {identifier} in this tenant's store.")
    return row


def _save(
    session: Session, row: SagaRow, progress: SagaProgress, *, counts: bool = True
) -> SagaRecord:
    # A statement, not a change of the object: the orchestrator need not be woken by itself.
    revision = row.revision + int(counts)
    values = progress.columns() | {"revision": revision, "updated_at": session.now}
    session.execute(_SAVE, values | {"saga_id": row.id})
    return replace(SagaRecord.of(session.tenant, row), revision=revision, progress=progress)
