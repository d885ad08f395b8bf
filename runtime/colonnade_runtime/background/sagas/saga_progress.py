"""Progress of a saga, as a value: transitions are computed from it and lead to another."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from colonnade.saga_tables import SagaRow
from colonnade.sagas import Saga, SagaPhase, Step


@dataclass(frozen=True, slots=True)
class SagaProgress:
    """The part of a saga's row that transitions change; see `SagaRow`."""

    phase: SagaPhase
    step: int
    state: bytes
    paused_phase: str = ""
    backward: bool = False
    started: bool = False
    uncertain: bool = False
    cancel_requested: bool = False
    attempts: int = 0
    questions: int = 0
    reason: str = ""
    error: str = ""
    waits_for: str | None = None
    wake_at: datetime | None = None
    deadline_at: datetime | None = None

    @classmethod
    def of(cls, row: SagaRow) -> "SagaProgress":
        """Read it from a row."""
        return cls(
            phase=SagaPhase(row.phase),
            step=row.step,
            state=row.state,
            paused_phase=row.paused_phase,
            backward=row.backward,
            started=row.started,
            uncertain=row.uncertain,
            cancel_requested=row.cancel_requested,
            attempts=row.attempts,
            questions=row.questions,
            reason=row.reason,
            error=row.error,
            waits_for=row.waits_for,
            wake_at=row.wake_at,
            deadline_at=row.deadline_at,
        )

    def columns(self) -> dict[str, Any]:
        """Column values of a row with this progress."""
        return {name: getattr(self, name) for name in self.__slots__}

    def but(self, **changes: Any) -> "SagaProgress":
        """The same with `changes`."""
        return replace(self, **changes)

    def is_due(self, now: datetime) -> bool:
        """Tell whether something is to be done at `now`."""
        return self.phase.is_active and self.wake_at is not None and self.wake_at <= now

    def is_past_pivot(self, saga: Saga) -> bool:
        """Tell whether nothing can be compensated any more."""
        return not self.backward and self.step > saga.pivot

    def wants_back(self, saga: Saga, now: datetime) -> str:
        """Explain why the saga should turn back before the pivot; empty when it should not."""
        if self.backward or self.is_past_pivot(saga):
            return ""
        if self.cancel_requested:
            return "It was canceled."
        if self.deadline_at is not None and self.deadline_at <= now:
            return f"It was not done by {self.deadline_at:%Y-%m-%d %H:%M:%S} UTC."
        return ""


@dataclass(frozen=True, slots=True)
class SagaRecord:
    """A saga as the orchestrator loads it."""

    id: UUID
    tenant: str
    name: str
    definition_version: int
    revision: int
    progress: SagaProgress
    locale: str
    traceparent: str
    on_behalf_of: str | None

    @classmethod
    def of(cls, tenant: str, row: SagaRow) -> "SagaRecord":
        """Read it from a row."""
        return cls(
            row.id,
            tenant,
            row.name,
            row.definition_version,
            row.revision,
            SagaProgress.of(row),
            row.locale,
            row.traceparent,
            row.on_behalf_of,
        )

    def current(self, saga: Saga) -> Step:
        """The step that the saga stands at."""
        return saga.steps[self.progress.step]
