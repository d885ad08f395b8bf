"""Sagas: work that spans services and either completes or compensates.

A saga belongs to the service that starts it and lives in that service's tenant store. It is
declared as data; its actions are methods of the service's objects. Each transition is one
transaction: what a step changes here commits together with the note that it is done.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, TypeVar, cast
from uuid import UUID

from colonnade.backoff import Backoff
from colonnade.context import context_or_none
from colonnade.errors import ColonnadeError, ConfigurationError, NotFound
from colonnade.events import Work
from colonnade.identifiers import new_id
from colonnade.messages import Message
from colonnade.saga_tables import SagaRow, SagaSignalRow
from colonnade.store import Session

StateT = TypeVar("StateT", bound=Message)

_NAME = re.compile(r"[a-z][a-z0-9_-]{0,63}\Z")

MAXIMUM_SIGNAL = 64 * 1024
"""Bytes that the data of a signal may have as JSON."""


class SagaPhase(StrEnum):
    """Phase of a saga."""

    RUNNING = "running"
    WAITING = "waiting"
    """The step waits for a signal."""
    UNKNOWN = "unknown"
    """The step may have happened; it is being found out."""
    COMPENSATING = "compensating"
    NEEDS_OPERATOR = "needs_operator"
    """Phase that needs an operator: `colonnade sagas show` says why, `resume` goes on."""
    COMPLETED = "completed"
    COMPENSATED = "compensated"
    CANCELED = "canceled"

    @property
    def is_active(self) -> bool:
        """True when the platform carries it on by itself."""
        return self in _ACTIVE

    @property
    def has_ended(self) -> bool:
        """True when it has ended for good."""
        return self in _ENDED


_ACTIVE = frozenset(
    {SagaPhase.RUNNING, SagaPhase.WAITING, SagaPhase.UNKNOWN, SagaPhase.COMPENSATING}
)
_ENDED = frozenset({SagaPhase.COMPLETED, SagaPhase.COMPENSATED, SagaPhase.CANCELED})


@dataclass(frozen=True, slots=True)
class RetryRule:
    """Retry rule: `attempts` times, waiting `first` seconds, then twice as long each time, at most
    `cap`; up to a tenth less of each, so that not all return at once."""

    attempts: int = 5
    first: float = 0.2
    cap: float = 60.0

    def pause(self, attempt: int, key: str) -> float:
        """Seconds to wait after attempt number `attempt`, counted from 1, of the saga `key`."""
        return Backoff(self.first, self.cap, jitter=0.1).durable(attempt, key)


@dataclass(frozen=True, slots=True)
class Step:
    """One step. `action`, `compensation` and `resolve` are names of `async def` methods
    `(self, call: StepCall)` on one of the service's objects.

    `idempotent` says that the action may be repeated with the same idempotency key and then
    answers as the first time. An action that may not be repeated names a `resolve`: it finds
    out whether the action happened and answers a `Resolution`. A step with neither that was cut
    off goes to the operator. A `compensation` is repeated until it succeeds and must bear that
    there is nothing to undo.

    After the step marked `pivot` nothing is compensated: what follows is tried for ever.
    `wait_for` names the signal that has to arrive before the action runs, within `wait_seconds`.
    One try of the action may take `timeout` seconds.

    `local` says that the action asks nobody and tells nobody: all it does is in the unit of work
    that it returns. It then shares the transaction that records the step before it.
    """

    name: str
    action: str
    compensation: str | None = None
    resolve: str | None = None
    pivot: bool = False
    idempotent: bool = False
    wait_for: str | None = None
    wait_seconds: float | None = None
    retry: RetryRule = RetryRule()
    timeout: float = 10.0
    local: bool = False


@dataclass(frozen=True, slots=True)
class Saga:
    """A saga: its name, the model of its state and its steps in order.

    A change of the steps that running sagas would not survive needs a new `version`; return the
    old definition from the `sagas` hook as well until its last saga has ended. `timeout` is in
    seconds from the start; when it passes before the pivot is done, the saga compensates.
    `persistence` is how often a compensation, or the question whether a step happened, is tried
    before an operator is needed.

    Raises:
        ConfigurationError: when the definition contradicts itself.
    """

    name: str
    state: type[Message]
    steps: tuple[Step, ...]
    version: int = 1
    timeout: float | None = None
    persistence: RetryRule = field(default_factory=lambda: RetryRule(10, 0.5, 300.0))

    def __post_init__(self) -> None:
        names = [step.name for step in self.steps]
        if not names:
            raise self._wrong("has no steps")
        if len(set(names)) < len(names):
            raise self._wrong("has two steps of one name")
        if sum(step.pivot for step in self.steps) > 1:
            raise self._wrong("has more than one pivot")
        for name in (self.name, *names):
            if _NAME.match(name) is None:
                raise self._wrong(f"uses '{name}', which is not lower case, digits, '_' and '-'")
        for step in self.steps:
            if step.local and (step.pivot or not step.idempotent or step.wait_for is not None):
                raise self._wrong(
                    f"declares '{step.name}' local, which only an idempotent step can be that is "
                    "not the pivot and waits for nothing"
                )
        for step in self.steps[self.pivot :]:
            if step.compensation is not None:
                raise self._wrong(
                    f"compensates '{step.name}', which is its pivot or comes after it"
                )

    @property
    def pivot(self) -> int:
        """The index of the pivot; the number of steps when there is none."""
        marked = [index for index, step in enumerate(self.steps) if step.pivot]
        return marked[0] if marked else len(self.steps)

    def _wrong(self, what: str) -> ConfigurationError:
        return ConfigurationError(f"The saga '{self.name}' {what}.")


@dataclass(frozen=True, slots=True)
class SagaReason:
    """Reason for turning back: the `code` of the error that was raised, and its `sentence`.

    `code` is empty where no error was: the saga was canceled, or its time was over. As text it is
    `<code>: <sentence>`, which is how sagas keep it; `parse` reads the rows of every release.
    """

    code: str
    sentence: str

    @classmethod
    def of(cls, error: ColonnadeError) -> "SagaReason":
        """The reason that an error is, in the words for operators where it has some."""
        return cls(error.code, str(error))

    @classmethod
    def parse(cls, text: str) -> "SagaReason":
        """The reason that was kept as `text`."""
        code, separator, sentence = text.partition(": ")
        return cls(code, sentence) if separator else cls("", text)

    def __str__(self) -> str:
        return f"{self.code}: {self.sentence}" if self.code else self.sentence


@dataclass(frozen=True, slots=True)
class StepCall:
    """Context of an action, a compensation or a resolve.

    `idempotency_key` is `<saga id>:<step>`, the same at every try; a compensation's ends in
    `:compensate`. `reason` says, to a compensation, why the saga turned back; `turned_back` is the
    same as a record. `signal` is the
    data of the signal that the step waited for.
    """

    saga_id: UUID
    saga: str
    step: str
    idempotency_key: str
    attempt: int
    state: Message
    reason: str = ""
    signal: Mapping[str, Any] | None = None

    @property
    def turned_back(self) -> SagaReason:
        """Reason that the saga turned back, for a compensation that tells one error from
        another."""
        return SagaReason.parse(self.reason)

    def state_as(self, model: type[StateT]) -> StateT:
        """The state, as the model that the saga declares."""
        assert isinstance(self.state, model)
        return self.state


@dataclass(frozen=True, slots=True)
class StepOutcome:
    """Outcome of an action or a compensation: the next `state`, if it changed, and a unit of work
    that commits together with the transition. Returning None changes nothing."""

    state: Message | None = None
    work: Work | None = None


@dataclass(frozen=True, slots=True)
class Resolution:
    """Finding of a `resolve`. Make one with the class methods."""

    verdict: bool | None
    outcome: StepOutcome = StepOutcome()

    @classmethod
    def happened(cls, *, state: Message | None = None, work: Work | None = None) -> "Resolution":
        """The action happened; `state` and `work` are what it would have returned."""
        return cls(True, StepOutcome(state, work))

    @classmethod
    def did_not_happen(cls) -> "Resolution":
        """The action did not happen, and will not: it is run again."""
        return cls(False)

    @classmethod
    def cannot_tell(cls) -> "Resolution":
        """Resolve later: the outcome cannot be told yet."""
        return cls(None)


@dataclass(frozen=True, slots=True)
class SagaView:
    """A saga as people see it. `state` is its state as JSON."""

    id: UUID
    tenant: str
    name: str
    phase: SagaPhase
    step: int
    backward: bool
    attempts: int
    reason: str
    error: str
    state: str
    wake_at: datetime | None
    created_at: datetime
    updated_at: datetime


def start_saga(
    session: Session,
    saga: Saga,
    state: Message,
    *,
    saga_id: UUID | None = None,
    not_before: datetime | None = None,
) -> UUID:
    """Start `saga` in this transaction; it runs if, and as soon as, the transaction commits.

    `saga_id` may be given, for example the id of the order that the saga is about. With
    `not_before` its first action waits until then, over restarts.

    Raises:
        ConfigurationError: when `state` is not of the saga's model.
    """
    if type(state) is not saga.state:
        raise ConfigurationError(
            f"The saga '{saga.name}' keeps {saga.state.__name__}, not {type(state).__name__}."
        )
    context = context_or_none()
    first = saga.steps[0]
    identifier = saga_id or new_id()
    deadline = _later(session.now, saga.timeout)
    waits = first.wait_for is not None
    expiry = _later(session.now, first.wait_seconds)
    wake_at = min((at for at in (expiry, deadline) if at is not None), default=None)
    session.add(
        SagaRow(
            id=identifier,
            name=saga.name,
            definition_version=saga.version,
            phase=SagaPhase.WAITING if waits else SagaPhase.RUNNING,
            paused_phase="",
            step=0,
            backward=False,
            started=False,
            uncertain=False,
            cancel_requested=False,
            attempts=0,
            questions=0,
            state=state.encode(),
            reason="",
            error="",
            waits_for=first.wait_for,
            wake_at=wake_at if waits else max(session.now, not_before or session.now),
            deadline_at=deadline,
            locale=context.locale if context else "en",
            traceparent=context.traceparent if context else "",
            on_behalf_of=_wished_by(),
            revision=0,
            created_at=session.now,
            updated_at=session.now,
        )
    )
    return identifier


def signal_saga(
    session: Session, saga_id: UUID, name: str, data: Mapping[str, Any] | None = None
) -> bool:
    """Tell a saga, in this transaction, that what it waits or will wait for has happened.

    Answers False when it was told before: the first signal of a name counts.

    Raises:
        NotFound: when the tenant has no saga of this id.
        ConfigurationError: when `data` is longer than `MAXIMUM_SIGNAL`.
    """
    saga = session.get(SagaRow, saga_id)
    if saga is None:
        raise _missing(saga_id)
    if session.get(SagaSignalRow, (saga_id, name)) is not None:
        return False
    encoded = json.dumps(dict(data or {})).encode()
    if len(encoded) > MAXIMUM_SIGNAL:
        raise ConfigurationError(f"The signal '{name}' is longer than {MAXIMUM_SIGNAL} bytes.")
    session.add(SagaSignalRow(saga_id=saga_id, name=name, data=encoded, received_at=session.now))
    if saga.phase == SagaPhase.WAITING and saga.waits_for == name:
        saga.wake_at = session.now
    return True


def saga_view(session: Session, saga_id: UUID) -> SagaView:
    """A saga of the tenant in context.

    Raises:
        NotFound: when the tenant has no saga of this id.
    """
    row = session.get(SagaRow, saga_id)
    if row is None:
        raise _missing(saga_id)
    return view_of(session.tenant, row)


def view_of(tenant: str, row: SagaRow) -> SagaView:
    """A row as people see it."""
    return SagaView(
        id=row.id,
        tenant=tenant,
        name=row.name,
        phase=SagaPhase(row.phase),
        step=row.step,
        backward=row.backward,
        attempts=row.attempts,
        reason=row.reason,
        error=row.error,
        state=row.state.decode(),
        wake_at=row.wake_at,
        created_at=row.created_at,
        updated_at=row.updated_at,
    )


def signal_data(row: SagaSignalRow) -> Mapping[str, Any]:
    """The data that came with a signal."""
    return cast("Mapping[str, Any]", json.loads(row.data))


def _later(now: datetime, seconds: float | None) -> datetime | None:
    return None if seconds is None else now + timedelta(seconds=seconds)


def _wished_by() -> str | None:
    context = context_or_none()
    if context is None:
        return None
    return context.principal.on_behalf_of or context.principal.id


def _missing(saga_id: UUID) -> NotFound:
    return NotFound(f"There is no saga {saga_id} in this tenant's store.")
