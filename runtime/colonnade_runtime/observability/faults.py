"""The faults of one process, for its log, its `/readyz`, its metrics and `colonnade status`."""

import threading
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from colonnade.faults import KIND_PATTERN, Fault

MAXIMUM_FAULTS = 10_000
"""Faults that are kept at once; beyond them a new one is neither logged nor shown."""

MAXIMUM_SHOWN = 100
"""Faults that `colonnade status` is told of one by one."""

Key = tuple[str, str, str]
"""Source, kind, tenant."""


class FaultRegistry:
    """Every fault that is open now. May be used from any thread."""

    def __init__(self, log: Any, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._log = log
        self._now = now
        self._lock = threading.Lock()
        self._open: dict[Key, Fault] = {}

    def of(self, source: str) -> "SourceFaults":
        """Reporter for the part named `source`."""
        return SourceFaults(self, source)

    def all(self) -> list[Fault]:
        """The open ones, the oldest first."""
        with self._lock:
            return sorted(self._open.values(), key=lambda fault: fault.since)

    def counts(self) -> Counter[tuple[str, str]]:
        """Number of open faults, by source and kind."""
        with self._lock:
            return Counter((source, kind) for source, kind, _ in self._open)

    def report(self, source: str, kind: str, sentence: str, mend: str, tenant: str) -> None:
        """Open a fault, and log it; of one that is open, only the words change."""
        if not KIND_PATTERN.fullmatch(kind):
            raise ValueError(f"'{kind}' names no kind of fault: write it as mail_server.")
        key = (source, kind, tenant)
        with self._lock:
            known = self._open.get(key)
            if known is not None:
                self._open[key] = replace(known, sentence=sentence, mend=mend)
                return
            if len(self._open) >= MAXIMUM_FAULTS:
                return
            self._open[key] = Fault(source, kind, tenant, sentence, mend, self._now())
        self._log.error("fault", reason=sentence, mend=mend, **_labels(key))

    def withdraw(self, source: str, kind: str, tenant: str) -> None:
        """Close a fault, and log that; nothing happens when it is not open."""
        key = (source, kind, tenant)
        if key not in self._open:
            # Asked after every write, so without the lock.
            return
        with self._lock:
            known = self._open.pop(key, None)
        if known is not None:
            seconds = round((self._now() - known.since).total_seconds(), 1)
            self._log.info("fault mended", seconds=seconds, **_labels(key))

    def forget_tenants(self, is_known: Callable[[str], bool]) -> None:
        """Close the faults of academies that are no longer declared."""
        for fault in self.all():
            if fault.tenant and not is_known(fault.tenant):
                self.withdraw(fault.source, fault.kind, fault.tenant)

    def summary(self, but: str = "") -> dict[str, str]:
        """Public view of the faults: no file, no address, no academy.

        Faults of the source `but` are left out.
        """
        since: dict[tuple[str, str], datetime] = {}
        for fault in self.all():
            since.setdefault((fault.source, fault.kind), fault.since)
        return {
            f"{source}: {kind}": f"since {first:%Y-%m-%dT%H:%M:%SZ}; `colonnade status` says more"
            for (source, kind), first in since.items()
            if source != but
        }


class SourceFaults:
    """The `Faults` of one part of a process."""

    def __init__(self, registry: FaultRegistry, source: str) -> None:
        self._registry = registry
        self._source = source

    def report(self, kind: str, sentence: str, *, mend: str, tenant: str = "") -> None:
        """Say that this part is broken; see `Faults`."""
        self._registry.report(self._source, kind, sentence, mend, tenant)

    def withdraw(self, kind: str, *, tenant: str = "") -> None:
        """Say that it works; see `Faults`."""
        self._registry.withdraw(self._source, kind, tenant)


class FaultCollector(Collector):
    """The gauge `colonnade_faults`. Sources are services and parts, kinds are names from code."""

    def __init__(self, registry: FaultRegistry) -> None:
        self._registry = registry

    def collect(self) -> Iterator[Metric]:
        """Collect the number of open faults."""
        family = GaugeMetricFamily(
            "colonnade_faults", "Things that are broken now.", labels=["source", "kind"]
        )
        for (source, kind), number in self._registry.counts().items():
            family.add_metric([source, kind], number)
        yield family


def _labels(key: Key) -> dict[str, str]:
    source, kind, tenant = key
    return {"source": source, "kind": kind} | ({"tenant": tenant} if tenant else {})
