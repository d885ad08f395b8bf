"""Ingest of client events in batches of 500, beside the same rows by raw `executemany`."""

import asyncio
import json
import sqlite3
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import httpx
import uvloop

from benchmarks.measuring import in_turn
from benchmarks.processes import access_token, make_site, platform
from benchmarks.registry import Figure, at_least

ASKED = 0.5
BATCH = 500
BATCHES = 12
ROUNDS = 5
UNBOUNDED = (
    "services.analytics.config.client_events.per_day=1000000",
    "services.analytics.config.client_events.bytes_per_day=1GiB",
    "services.analytics.config.client_events.bytes_kept=1GiB",
)
"""One person sends here what a thousand do elsewhere."""
INSERT = (
    "INSERT INTO client_events (person_id, id, name, occurred_us, received_us, course_id,"
    " lesson_id, properties) VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
)


def measure() -> Iterator[Figure]:
    """Over HTTP, with token, policy and counts; the raw rows go into a file of the same tables
    and indexes, with as durable a commit per batch."""
    with tempfile.TemporaryDirectory() as folder:
        site = make_site(Path(folder) / "site")
        rates = uvloop.run(_rates(site, Path(folder)))
    beside = f"{rates['ours']:.0f} and {rates['raw']:.0f} events per second"
    what = "client events over HTTP in batches of 500 / raw executemany"
    yield at_least(what, ASKED, rates["ours"] / rates["raw"], beside)


async def _rates(site: Path, folder: Path) -> dict[str, float]:
    with platform(site, "logging.access=false", *UNBOUNDED) as server:
        headers = {"X-Tenant": "acme", "Authorization": f"Bearer {access_token(server)}"}
        async with httpx.AsyncClient(
            base_url=f"{server.url}/api/v1", headers=headers, timeout=60
        ) as client:
            course = await _course(client)
            await _send(client, [_batch(course) for _ in range(2)])
            raw = _raw_file(site, folder)
            loop = asyncio.get_running_loop()

            def ours() -> float:
                batches = [_batch(course) for _ in range(BATCHES)]
                started = time.perf_counter()
                asyncio.run_coroutine_threadsafe(_send(client, batches), loop).result()
                return BATCHES * BATCH / (time.perf_counter() - started)

            candidates = {"ours": ours, "raw": lambda: _raw_rate(raw)}
            return await asyncio.to_thread(in_turn, candidates, ROUNDS)


async def _send(client: httpx.AsyncClient, batches: list[bytes]) -> None:
    for body in batches:
        answer = await client.post(
            "/analytics/events", content=body, headers={"Content-Type": "application/json"}
        )
        if answer.json() != {"accepted": BATCH, "duplicates": 0}:
            raise RuntimeError(f"the batch was not kept: {answer.text[:200]}")


async def _course(client: httpx.AsyncClient) -> str:
    made = await client.post("/courses", json={"title": "Video", "slug": "video"})
    course: str = made.raise_for_status().json()["id"]
    return course


def _batch(course: str) -> bytes:
    now = datetime.now(UTC)
    events = [
        {
            "id": str(uuid4()),
            "name": "video.paused",
            "occurred_at": (now - timedelta(seconds=number)).isoformat(),
            "course_id": course,
            "properties": {"seconds": number},
        }
        for number in range(BATCH)
    ]
    return json.dumps({"events": events}).encode()


def _raw_file(site: Path, folder: Path) -> sqlite3.Connection:
    """A file with the table and the indexes that the service has."""
    [kept] = site.rglob("acme/analytics.sqlite3")
    source = sqlite3.connect(kept)
    found = source.execute(
        "SELECT sql FROM sqlite_master WHERE tbl_name = 'client_events' AND sql IS NOT NULL"
    ).fetchall()
    source.close()
    connection = sqlite3.connect(folder / "raw.db", isolation_level=None, check_same_thread=False)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=FULL")
    for (statement,) in found:
        connection.execute(statement)
    return connection


def _raw_rate(connection: sqlite3.Connection) -> float:
    course = uuid4().hex
    batches = [
        [
            (1, uuid4().hex, "video.paused", number, number, course, None, '{"seconds":1}')
            for number in range(BATCH)
        ]
        for _ in range(BATCHES)
    ]
    started = time.perf_counter()
    for rows in batches:
        connection.execute("BEGIN IMMEDIATE")
        connection.executemany(INSERT, rows)
        connection.execute("COMMIT")
    return BATCHES * BATCH / (time.perf_counter() - started)
