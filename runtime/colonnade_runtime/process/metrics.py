"""Collectors of what the parts of a process count for themselves, read at a scrape.

Every label has as many values as there are operations, services or outcomes: a platform of a
thousand academies has no more series than one of two.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from colonnade.adapters import StoreFigures
from colonnade.policy.memoised import PolicyCounters
from colonnade_runtime.background.background_work import BackgroundWork
from colonnade_runtime.calls.row_cache import RowCache
from colonnade_runtime.workers.pool import Workers


class ProcessCollector(Collector):
    """Reads what the parts of a process count for themselves, at the time of a scrape."""

    def __init__(
        self,
        policy: Callable[[], PolicyCounters | None],
        works: Callable[[], Mapping[str, BackgroundWork]],
    ) -> None:
        self._policy = policy
        self._works = works

    def collect(self) -> Iterator[Metric]:
        """Collect all of it at the time of a scrape."""
        yield from self._decisions()
        yield from self._events()
        yield from self._waiting()

    def _decisions(self) -> Iterator[Metric]:
        counters = self._policy()
        if counters is None:
            return
        family = CounterMetricFamily(
            "colonnade_policy_decisions", "Decisions, by where they came from.", labels=["from"]
        )
        family.add_metric(["memory"], counters.hits)
        family.add_metric(["engine"], counters.misses)
        family.add_metric(["failure"], counters.errors)
        yield family

    def _events(self) -> Iterator[Metric]:
        events = CounterMetricFamily(
            "colonnade_events",
            "Events that came to a service, by what became of them.",
            labels=["service", "result"],
        )
        for service, work in self._works().items():
            counts = work.delivery.counts
            for result in ("handled", "repeated", "retried", "dead", "passed_over"):
                events.add_metric([service, result], getattr(counts, result))
        yield events

    def _waiting(self) -> Iterator[Metric]:
        tenants = _gauge("colonnade_tenants_with_work", "Tenants in the work index.")
        pending = _gauge("colonnade_outbox_pending", "Events that are not published yet.")
        lag = _gauge("colonnade_outbox_lag_seconds", "Age of the oldest such event.")
        letters = _gauge("colonnade_dead_letters", "Dead letters, of all tenants and of none.")
        sagas = GaugeMetricFamily(
            "colonnade_sagas", "Sagas that have not ended, by phase.", labels=["service", "phase"]
        )
        for service, work in self._works().items():
            backlog = work.backlog.last
            tenants.add_metric([service], backlog.tenants)
            pending.add_metric([service], backlog.pending)
            lag.add_metric([service], backlog.lag)
            letters.add_metric([service], backlog.dead_letters)
            for phase, number in backlog.sagas.items():
                sagas.add_metric([service, phase], number)
        yield from (tenants, pending, lag, letters, sagas)


class WorkersCollector(Collector):
    """Reads how the calls of the workers ended, at the time of a scrape."""

    def __init__(self, workers: Workers) -> None:
        self._workers = workers

    def collect(self) -> Iterator[Metric]:
        """Collect all of it at the time of a scrape."""
        calls = CounterMetricFamily(
            "colonnade_worker_calls", "Calls done in processes apart.", labels=["outcome"]
        )
        for outcome, number in self._workers.outcomes.items():
            calls.add_metric([outcome], number)
        waiting = GaugeMetricFamily("colonnade_worker_waiting", "Calls that wait for a worker.")
        waiting.add_metric([], self._workers.waiting)
        yield from (calls, waiting)


class StoresCollector(Collector):
    """Reads how the stores of a process are used, at the time of a scrape."""

    def __init__(self, figures: Callable[[], Iterable[StoreFigures]]) -> None:
        self._figures = figures

    def collect(self) -> Iterator[Metric]:
        """Collect all of it at the time of a scrape."""
        found = list(self._figures())
        is_open = GaugeMetricFamily("colonnade_store_files", "Files of academies that are open.")
        is_open.add_metric([], sum(each.open for each in found))
        opened = CounterMetricFamily("colonnade_store_files_opened", "Files that were opened.")
        opened.add_metric([], sum(each.opened for each in found))
        evicted = CounterMetricFamily(
            "colonnade_store_files_evicted", "Files that were closed to make room for others."
        )
        evicted.add_metric([], sum(each.evicted for each in found))
        waiting = GaugeMetricFamily(
            "colonnade_store_writes_waiting", "Writes that wait for one before them."
        )
        waiting.add_metric([], sum(each.waiting for each in found))
        yield from (is_open, opened, evicted, waiting)


class RowCacheCollector(Collector):
    """Reads what the row cache counts for itself, at the time of a scrape."""

    def __init__(self, cache: RowCache) -> None:
        self._cache = cache

    def collect(self) -> Iterator[Metric]:
        """Collect all of it at the time of a scrape."""
        cache = self._cache
        reads = CounterMetricFamily(
            "colonnade_row_cache_reads", "Reads that may be answered from it.", labels=["result"]
        )
        reads.add_metric(["hit"], cache.hits)
        reads.add_metric(["miss"], cache.misses)
        evictions = CounterMetricFamily(
            "colonnade_row_cache_evictions", "Answers that went from it.", labels=["reason"]
        )
        evictions.add_metric(["room"], cache.crowded_out)
        evictions.add_metric(["change"], cache.outdated)
        size = GaugeMetricFamily("colonnade_row_cache_bytes", "Memory that its answers take.")
        size.add_metric([], cache.size)
        yield from (reads, evictions, size)


def _gauge(name: str, described: str) -> GaugeMetricFamily:
    return GaugeMetricFamily(name, described, labels=["service"])
