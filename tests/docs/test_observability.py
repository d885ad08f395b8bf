"""The operators' page names every metric with its labels, and no other."""

import re
from pathlib import Path

from prometheus_client import CollectorRegistry

from colonnade.policy import PolicyCounters
from colonnade_runtime.calls.operation_metrics import OperationMetrics
from colonnade_runtime.calls.row_cache import RowCache
from colonnade_runtime.edge.health.endpoints import Health
from colonnade_runtime.process.metrics import (
    ProcessCollector,
    RowCacheCollector,
    StoresCollector,
    WorkersCollector,
)
from colonnade_runtime.workers.pool import WorkerPool

PAGE = (Path(__file__).parents[2] / "docs/operators/observability.md").read_text(encoding="utf-8")
ROW = re.compile(r"^\| `((?:colonnade|process)_\w+)` \|([^|]*)\|", re.MULTILINE)


class NoLog:
    """Nothing is logged while names are collected."""


def names(registry: CollectorRegistry) -> set[str]:
    """The name of every metric, as Prometheus shows it."""
    return {
        f"{family.name}_total" if family.type == "counter" else family.name
        for family in registry.collect()
    }


def test_every_metric_is_on_the_page_and_nothing_else() -> None:
    registry = Health(NoLog()).registry
    OperationMetrics(registry)
    registry.register(ProcessCollector(PolicyCounters, dict))
    registry.register(WorkersCollector(WorkerPool(1, 4, 0)))
    registry.register(StoresCollector(list))
    registry.register(RowCacheCollector(RowCache()))
    assert {name for name, _ in ROW.findall(PAGE)} == names(registry)


def test_no_metric_is_labelled_with_who_or_where() -> None:
    labels = {label for _, cell in ROW.findall(PAGE) for label in re.findall(r"`(\w+)`", cell)}
    assert labels == {
        "action",
        "from",
        "kind",
        "method",
        "operation",
        "outcome",
        "phase",
        "reason",
        "result",
        "route",
        "service",
        "source",
        "status",
    }
