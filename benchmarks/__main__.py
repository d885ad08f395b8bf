"""`make bench`: a hot read over HTTP beside an empty handler on the same server, and `ask`."""

import asyncio
import shutil
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import click
import uvloop
from granian.constants import Interfaces
from granian.server.embed import Server
from litestar import Litestar, get

from benchmarks.load import requests_per_second
from colonnade.context import Context, Principal, use_context
from colonnade_course.api import CreateCourse, GetCourse, PublishCourse
from colonnade_runtime.logs import configure_logs
from colonnade_runtime.runtime import Runtime, read_declaration
from colonnade_runtime.serving import listening

ROOT = Path(__file__).parents[1]
ROUNDS = 5
SECONDS = 1.5
CONNECTIONS = 16
PEER_PORT = 8911
PORT = 8912


@get("/")
async def _empty() -> None:
    """Answers nothing."""


@asynccontextmanager
async def peer() -> Any:
    """An empty Litestar handler on the same kind of server."""
    application = Litestar([_empty], openapi_config=None)
    server = Server(
        application,
        address="127.0.0.1",
        port=PEER_PORT,
        interface=Interfaces.ASGINL,
        log_enabled=False,
    )
    task = asyncio.create_task(server.serve(), name="peer")
    try:
        yield
    finally:
        server.stop()  # type: ignore[no-untyped-call]
        await asyncio.wait_for(task, 5)


async def hot_read(path: str) -> None:
    """Requests per second of both, in turn; medians and their ratio."""
    ours, theirs = [], []
    headers = {"X-Tenant": "acme"}
    for _ in range(ROUNDS):
        theirs.append(await requests_per_second(PEER_PORT, "/", {}, CONNECTIONS, SECONDS))
        ours.append(await requests_per_second(PORT, path, headers, CONNECTIONS, SECONDS))
    mine, empty = statistics.median(ours), statistics.median(theirs)
    click.echo(
        f"hot course read / empty handler, {CONNECTIONS} connections: {mine / empty:.2f} "
        f"({mine:.0f} and {empty:.0f} requests per second)"
    )


async def ask_cost(ask: Callable[[], Awaitable[Any]]) -> None:
    """Microseconds of one `ask` of a service in the same process, policy included."""
    samples = []
    for _ in range(ROUNDS):
        started = time.perf_counter()
        for _ in range(500):
            await ask()
        samples.append((time.perf_counter() - started) / 500)
    click.echo(
        f"in-process ask of a course, its read included: {statistics.median(samples) * 1e6:.0f} µs"
    )


async def main() -> None:
    """Run everything on a platform of its own."""
    with tempfile.TemporaryDirectory() as folder:
        site = Path(folder)
        for name in ("tenants", "policies"):
            shutil.copytree(ROOT / name, site / name)
        shutil.copy(ROOT / "platform.yaml", site)
        settings = [
            "logging.access=false",
            "tenants.watch=false",
            "services.content.enabled=false",
            f"gateway.port={PORT}",
        ]
        configure_logs("warning", "json")
        started = time.perf_counter()
        runtime = Runtime(read_declaration(site / "platform.yaml", settings))
        async with listening(runtime, "127.0.0.1", PORT), peer():
            await runtime.start()
            click.echo(f"ready after {time.perf_counter() - started:.2f} s")
            context = Context("acme", Principal.service("operator"), time.time() + 600, "bench")
            ask = runtime.ask
            with use_context(context):
                course = await ask(CreateCourse(title="Python", slug="python"))
                await ask(PublishCourse(course_id=course.id))
                await ask_cost(lambda: ask(GetCourse(course_id=course.id)))
            await hot_read(f"/api/v1/courses/{course.id}")
            await runtime.stop()


if __name__ == "__main__":
    uvloop.run(main())
