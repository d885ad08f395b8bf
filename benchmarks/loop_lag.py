"""Lag of a server's event loop over a while, as its own metric has it."""

import re
from collections.abc import Mapping

import httpx

from benchmarks.processes import ServerProcess

_BUCKET = re.compile(
    r'^colonnade_event_loop_lag_seconds_bucket\{le="([^"]+)"\} (\S+)$', re.MULTILINE
)

Buckets = Mapping[float, float]
"""Number of samples up to so many seconds."""


def lag_buckets(server: ServerProcess) -> Buckets:
    """Samples since the server started."""
    text = httpx.get(f"{server.url}/metrics", timeout=30).raise_for_status().text
    return {float(bound): float(count) for bound, count in _BUCKET.findall(text)}


def lag_percentile(before: Buckets, after: Buckets, fraction: float) -> float:
    """Bound, in seconds, that `fraction` of the samples between the two keep within."""
    taken = {bound: after[bound] - before.get(bound, 0.0) for bound in sorted(after)}
    wanted = fraction * max(taken.values())
    return next(bound for bound, count in taken.items() if count >= wanted)
