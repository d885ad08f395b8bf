"""From the start of the process to the first `200` of /readyz, beside the imports it makes."""

import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from benchmarks.processes import (
    OWNER_PASSWORD,
    ROOT,
    free_port,
    make_site,
    platform,
    stopping,
    wait_until_answered,
)
from benchmarks.registry import Figure, at_most

STARTS = 5
ASKED = 3.0
BARE = 1.3


def measure() -> Iterator[Figure]:
    """The demo platform; the first start, which makes its folders, is not counted."""
    with tempfile.TemporaryDirectory() as folder:
        site = make_site(Path(folder) / "site")
        with platform(site):
            # Migrations, which make the first tables, need modules that no later start loads.
            pass
        loaded = _noted(site)
        seconds, busy, bare = [], [], []
        for _ in range(STARTS):
            with platform(site) as server:
                seconds.append(server.seconds)
                busy.append(server.processor_seconds())
            bare.append(_imports(loaded))
    slowest = (
        f"slowest of {STARTS}: {max(seconds):.2f} s; "
        f"{statistics.median(busy):.2f} s of them on a processor"
    )
    yield at_most("ready", ASKED, statistics.median(seconds), "s", slowest)
    ratio = min(busy) / min(bare)
    times = f"{min(busy):.2f} and {min(bare):.2f} s on a processor"
    yield at_most("ready / the bare imports of what it uses", BARE, ratio, "times", times)


def _noted(site: Path) -> Path:
    """The file with the modules that a ready process has loaded."""
    file, port = site / "modules.json", free_port()
    process = subprocess.Popen(
        [sys.executable, "-m", "benchmarks.loaded_modules", "note", str(file),
         "--platform", str(site / "platform.yaml"), "--set", f"gateway.port={port}", "run"],
        cwd=ROOT,
        env={**os.environ, "COLONNADE_OWNER_PASSWORD": OWNER_PASSWORD},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )  # fmt: skip
    with stopping(process):
        wait_until_answered(process, f"http://127.0.0.1:{port}/readyz")
    return file


def _imports(loaded: Path) -> float:
    """Processor seconds of a Python that has imported the same."""
    command = [sys.executable, "-m", "benchmarks.loaded_modules", "import", str(loaded)]
    return float(subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE).stdout)
