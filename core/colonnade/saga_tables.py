"""The tables of sagas: part of every service's store, beside the outbox and the inbox."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Boolean, Index, Integer, String, text
from sqlalchemy.orm import Mapped, mapped_column

from colonnade.tables import PENDING_WORK, PlatformBase

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

    id: Mapped[UUID] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(200), index=True)
    definition_version: Mapped[int] = mapped_column(Integer)
    phase: Mapped[str] = mapped_column(String(20))
    paused_phase: Mapped[str] = mapped_column(String(20))
    step: Mapped[int] = mapped_column(Integer)
    backward: Mapped[bool] = mapped_column(Boolean)
    started: Mapped[bool] = mapped_column(Boolean)
    uncertain: Mapped[bool] = mapped_column(Boolean)
    cancel_requested: Mapped[bool] = mapped_column(Boolean)
    attempts: Mapped[int] = mapped_column(Integer)
    questions: Mapped[int] = mapped_column(Integer)
    state: Mapped[bytes]
    reason: Mapped[str]
    error: Mapped[str]
    waits_for: Mapped[str | None] = mapped_column(String(100))
    wake_at: Mapped[datetime | None]
    deadline_at: Mapped[datetime | None]
    locale: Mapped[str] = mapped_column(String(40))
    traceparent: Mapped[str] = mapped_column(String(60))
    on_behalf_of: Mapped[str | None] = mapped_column(String(200))
    revision: Mapped[int] = mapped_column(Integer)
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]


class SagaSignalRow(PlatformBase):
    """Signal from outside that a saga waits, or will wait, for. The first of a name counts."""

    __tablename__ = "colonnade_saga_signals"

    saga_id: Mapped[UUID] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(100), primary_key=True)
    data: Mapped[bytes]
    received_at: Mapped[datetime]
