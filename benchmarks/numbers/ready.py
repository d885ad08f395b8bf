"""From the start of the process to the first `200` of /readyz."""

import statistics
import tempfile
from collections.abc import Iterator
from pathlib import Path

from benchmarks.processes import make_site, platform
from benchmarks.registry import Figure, at_most

STARTS = 5
ASKED = 3.0


def measure() -> Iterator[Figure]:
    """The demo platform; the first start also makes its folders."""
    with tempfile.TemporaryDirectory() as folder:
        site = make_site(Path(folder) / "site")
        seconds, busy = [], []
        for _ in range(STARTS):
            with platform(site) as server:
                seconds.append(server.seconds)
                busy.append(server.processor_seconds())
    slowest = (
        f"slowest of {STARTS}: {max(seconds):.2f} s; "
        f"{statistics.median(busy):.2f} s of them on a processor"
    )
    yield at_most("ready", ASKED, statistics.median(seconds), "s", slowest)
