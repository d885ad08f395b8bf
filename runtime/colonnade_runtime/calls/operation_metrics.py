"""Metrics of operations: how many ended how, and how long they took.

Labels are names from code, never tenants or ids.
"""

from prometheus_client import CollectorRegistry, Counter, Histogram

from colonnade.errors import ColonnadeError
from colonnade.operations import Operation

BUCKETS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)
"""Seconds; the last is the default deadline of a call."""


class OperationMetrics:
    """Counts operations by how they ended, and how long they took."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._done = Counter(
            "colonnade_operations",
            "Operations that a service was asked to do; outcome is ok or an error's code.",
            ["service", "operation", "outcome"],
            registry=registry,
        )
        self._seconds = Histogram(
            "colonnade_operation_seconds",
            "How long operations took, policy included.",
            ["service", "operation"],
            buckets=BUCKETS,
            registry=registry,
        )
        self._denied = Counter(
            "colonnade_policy_denials",
            "Operations that policies refused.",
            ["action"],
            registry=registry,
        )
        self._counters: dict[tuple[str, str], Counter] = {}
        self._timers: dict[str, Histogram] = {}

    def record(self, operation: Operation, seconds: float, error: BaseException | None) -> None:
        """Count one that ended."""
        outcome = "ok" if error is None else outcome_of(error)
        subject = operation.subject
        counter = self._counters.get((subject, outcome))
        if counter is None:
            counter = self._done.labels(operation.service, operation.name, outcome)
            self._counters[subject, outcome] = counter
        timer = self._timers.get(subject)
        if timer is None:
            timer = self._seconds.labels(operation.service, operation.name)
            self._timers[subject] = timer
        counter.inc()
        timer.observe(seconds)

    def denied(self, operation: Operation) -> None:
        """Count one that a policy refused."""
        self._denied.labels(operation.action).inc()


def outcome_of(error: BaseException) -> str:
    """The code of a declared error; `cancelled` and `internal` for all others."""
    if isinstance(error, ColonnadeError):
        return error.code
    return "internal" if isinstance(error, Exception) else "cancelled"
