"""Metrics of the operating system's process: its resources, and the lines that it writes."""

from collections.abc import Iterator

from prometheus_client import CollectorRegistry, ProcessCollector
from prometheus_client.core import CounterMetricFamily, Metric
from prometheus_client.registry import Collector

from colonnade_runtime.observability.output import output_counts


def register_process_metrics(registry: CollectorRegistry) -> None:
    """Add what every process of a platform shows, whatever it hosts."""
    ProcessCollector(registry=registry)
    registry.register(LogLineCollector())


class LogLineCollector(Collector):
    """Reads what became of the lines of this process."""

    def collect(self) -> Iterator[Metric]:
        """Collect all of it at the time of a scrape."""
        counts = output_counts()
        written = CounterMetricFamily(
            "colonnade_log_lines", "Lines that were written to standard output and error."
        )
        written.add_metric([], counts.written)
        lost = CounterMetricFamily(
            "colonnade_log_lines_lost",
            "Lines that were lost, by why: no room to wait in, or the stream refused them.",
            labels=["reason"],
        )
        lost.add_metric(["no_room"], counts.overflowed)
        lost.add_metric(["refused"], counts.refused)
        yield from (written, lost)
