"""The tables of sagas: part of every service's store, beside the outbox and the inbox."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Boolean, Index, Integer, String, text

from colonnade.rows import PENDING_WORK, Column, column
from colonnade.tables import PlatformBase

_ACTIVE = text("phase IN ('running', 'waiting', 'unknown', 'compensating')")


class SagaRow(PlatformBase):
    """A saga between two transitions.

    `step` is the index of the step that `phase` speaks of. `started` says that its action may
    be under way, or was when the process ended; `uncertain` that an earlier try of it may have
    happened. `backward` says that what was done is being compensated, and `reason` why.
    `paused_phase` is where a saga that needs an operator goes on. `revision` counts transitions:
    one that was computed from another revision does not commit.
    """

    __tablename__ = "colonnade_sagas"
    __table_args__ = (
        Index("ix_colonnade_sagas_active", "wake_at", sqlite_where=_ACTIVE),
        {"info": {PENDING_WORK: _ACTIVE.text}},
    )

    id: Column[UUID] = column(primary_key=True)
    name: Column[str] = column(String(200), index=True)
    definition_version: Column[int] = column(Integer)
    phase: Column[str] = column(String(20))
    paused_phase: Column[str] = column(String(20))
    step: Column[int] = column(Integer)
    backward: Column[bool] = column(Boolean)
    started: Column[bool] = column(Boolean)
    uncertain: Column[bool] = column(Boolean)
    cancel_requested: Column[bool] = column(Boolean)
    attempts: Column[int] = column(Integer)
    questions: Column[int] = column(Integer)
    state: Column[bytes]
    reason: Column[str]
    error: Column[str]
    waits_for: Column[str | None] = column(String(100), default=None)
    wake_at: Column[datetime | None] = column(default=None)
    deadline_at: Column[datetime | None] = column(default=None)
    locale: Column[str] = column(String(40))
    traceparent: Column[str] = column(String(60))
    on_behalf_of: Column[str | None] = column(String(200), default=None)
    revision: Column[int] = column(Integer)
    created_at: Column[datetime]
    updated_at: Column[datetime]


class SagaSignalRow(PlatformBase):
    """Signal from outside that a saga waits, or will wait, for. The first of a name counts."""

    __tablename__ = "colonnade_saga_signals"

    saga_id: Column[UUID] = column(primary_key=True)
    name: Column[str] = column(String(100), primary_key=True)
    data: Column[bytes]
    received_at: Column[datetime]
