"""What academies cost: a hundred that are used, a thousand that are not."""

import statistics
import tempfile
from collections.abc import Iterator
from pathlib import Path

import httpx

from benchmarks.processes import ServerProcess, access_token, add_tenants, make_site, platform
from benchmarks.registry import Figure, at_most
from benchmarks.yardstick import at_most_yardsticks

USED = 100
UNUSED = 1_000
STARTS = 3


def measure() -> Iterator[Figure]:
    """Two sites, each started afresh."""
    with tempfile.TemporaryDirectory() as folder:
        yield from _unused(Path(folder))
        yield from _used(Path(folder))


def _used(folder: Path) -> Iterator[Figure]:
    site = make_site(folder / "used")
    names = add_tenants(site, USED)
    with platform(site, "logging.access=false") as server:
        for name in names:
            _use(server, name)
        megabytes = server.resident_megabytes()
    yield at_most(f"resident after {USED} tenants were used", 250, megabytes, "MB")


def _use(server: ServerProcess, tenant: str) -> None:
    """Sign in, make a course, publish it, read it as somebody else."""
    headers = {"X-Tenant": tenant, "Authorization": f"Bearer {access_token(server, tenant)}"}
    with httpx.Client(base_url=f"{server.url}/api/v1", timeout=30) as client:
        body = {"title": "Python", "slug": "python"}
        made = client.post("/courses", json=body, headers=headers).raise_for_status()
        course = f"/courses/{made.json()['id']}"
        client.post(f"{course}/publish", headers=headers).raise_for_status()
        client.get(course, headers={"X-Tenant": tenant}).raise_for_status()


def _unused(folder: Path) -> Iterator[Figure]:
    few, many = make_site(folder / "few"), make_site(folder / "many")
    add_tenants(many, UNUSED)
    seconds: dict[Path, list[float]] = {few: [], many: []}
    files: dict[Path, list[int]] = {few: [], many: []}
    for _ in range(STARTS):
        for site in (few, many):
            with platform(site) as server:
                # On the processor: reading files and checking them is all that there is to it.
                seconds[site].append(server.processor_seconds())
                files[site].append(server.open_files())
    each = statistics.median(seconds[many]) - statistics.median(seconds[few])
    detail = f"{statistics.median(seconds[few]):.2f} s on the processor without them"
    yield at_most_yardsticks("start-up per unused tenant", 0.45, each / UNUSED, detail)
    handles = min(files[many]) - min(files[few])
    yield at_most(f"file handles for {UNUSED} unused tenants", 0, max(0, handles), "handles")
