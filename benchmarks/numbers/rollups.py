"""Metrics over 1,000,000 events from the counts, beside the same by scanning the events."""

import sqlite3
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from random import Random
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import uvloop

from benchmarks.measuring import in_turn
from benchmarks.processes import make_site
from benchmarks.registry import Figure, at_least
from colonnade.context import Context, Principal, use_context
from colonnade_analytics.api import GetMetrics, Metrics
from colonnade_analytics.calendar.instants import half_day_of, microseconds_of, quarter_of
from colonnade_analytics.models import EVERY_COURSE
from colonnade_runtime.assembly.declared import read_declaration
from colonnade_runtime.observability.logs import configure_logs
from colonnade_runtime.process.runtime import Runtime

ASKED = 50.0
EVENTS = 1_000_000
PEOPLE = 5_000
SESSION = 10
"""Events that somebody causes in one sitting of an hour or two."""
COURSES = [UUID(int=number + 1).hex for number in range(20)]
ZONE = ZoneInfo("Europe/Berlin")
FIRST, LAST = date(2026, 3, 1), date(2026, 5, 31)
KINDS = {
    "EnrollmentActivated": "enrolments",
    "EnrollmentCompleted": "completions",
    "LessonCompleted": "lessons_completed",
}
SCAN = """
SELECT (occurred_us + CASE WHEN occurred_us < :change THEN :before ELSE :after END)
       / 86400000000 AS day,
       count(DISTINCT person_id),
       sum(name = 'EnrollmentActivated'),
       sum(name = 'EnrollmentCompleted'),
       sum(name = 'LessonCompleted')
FROM events WHERE occurred_us >= :first AND occurred_us < :last
GROUP BY day ORDER BY day
"""
SCAN_ALL = """
SELECT count(DISTINCT person_id) FROM events WHERE occurred_us >= :first AND occurred_us < :last
"""


def measure() -> Iterator[Figure]:
    """Three months by day, across a change of the clocks; both answer the same numbers."""
    with tempfile.TemporaryDirectory() as folder:
        times = uvloop.run(_times(make_site(Path(folder) / "site")))
    ratio = times["scan"] / times["counts"]
    beside = f"{times['counts'] * 1e3:.0f} and {times['scan'] * 1e3:.0f} ms"
    yield at_least("metrics of 1,000,000 events by day / scanning them", ASKED, ratio, beside)


async def _times(site: Path) -> dict[str, float]:
    configure_logs("warning", "json")
    settings = ["tenants.watch=false", "logging.access=false"]
    declared = read_declaration(site / "platform.yaml", settings)
    runtime = Runtime(declared, announce=lambda text: None)
    await runtime.start()
    try:
        context = Context("acme", Principal.service("operator"), time.time() + 3600, "bench")
        with use_context(context):
            request = GetMetrics(from_date=FIRST, to_date=LAST)
            await runtime.ask(request)
            [file] = site.rglob("acme/analytics.sqlite3")
            connection = sqlite3.connect(file)
            _fill(connection)
            samples: dict[str, list[float]] = {"counts": [], "scan": []}
            for _ in range(4):
                metrics = await _timed(samples["counts"], lambda: runtime.ask(request))
                started = time.perf_counter()
                scanned = _scan(connection)
                samples["scan"].append(time.perf_counter() - started)
                _check(metrics, scanned)
            connection.close()
    finally:
        await runtime.stop()
    return in_turn({name: iter(found[1:]).__next__ for name, found in samples.items()}, 3)


async def _timed(samples: list[float], ask: Callable[[], Any]) -> Any:
    started = time.perf_counter()
    answer = await ask()
    samples.append(time.perf_counter() - started)
    return answer


def _scan(connection: sqlite3.Connection) -> tuple[int, list[tuple[int, ...]]]:
    moments = (FIRST, date(2026, 3, 29), date(2026, 6, 1))
    first, change, last = (
        microseconds_of(datetime(day.year, day.month, day.day, tzinfo=ZONE)) for day in moments
    )
    # The clocks change at one o'clock UTC, two hours after that local day begins.
    names = {"first": first, "last": last, "change": change + 2 * 3_600_000_000}
    offsets = {"before": 3_600_000_000, "after": 7_200_000_000}
    [(everybody,)] = connection.execute(SCAN_ALL, names)
    return everybody, connection.execute(SCAN, names | offsets).fetchall()


def _check(metrics: Metrics, scanned: tuple[int, list[tuple[int, ...]]]) -> None:
    counted = [
        (item.active_learners, item.enrolments, item.completions, item.lessons_completed)
        for item in metrics.items
    ]
    everybody, rows = scanned
    if metrics.total.active_learners != everybody or counted != [row[1:] for row in rows]:
        raise RuntimeError("the counts and the scan of the events disagree")


def _fill(connection: sqlite3.Connection) -> None:
    """A million events and what they add to the counts; loaded at once, since a reaction each
    would take a quarter of an hour."""
    random = Random(7)
    begin = microseconds_of(datetime(2026, 3, 1, tzinfo=UTC))
    span = 91 * 86_400 * 1_000_000
    counts: dict[tuple[str, int, str], int] = {}
    activity: dict[tuple[int, str, int], int] = {}
    rows = []
    for number in range(EVENTS):
        if number % SESSION == 0:
            person, course = random.randrange(PEOPLE) + 1, random.choice(COURSES)
            start = begin + int(random.random() * span)
        kind = random.choices(tuple(KINDS), (2, 1, 40))[0]
        at = start + random.randrange(5_400_000_000)
        rows.append((UUID(int=number).hex, "course", kind, at, person, course, "{}"))
        for counted in (course, EVERY_COURSE.hex):
            key = (counted, quarter_of(at), KINDS[kind])
            counts[key] = counts.get(key, 0) + 1
        half_day, bit = half_day_of(quarter_of(at))
        place = (half_day, course, person)
        activity[place] = activity.get(place, 0) | bit
    connection.executemany(
        "INSERT INTO events (event_id, service, name, occurred_us, person_id, course_id, data)"
        " VALUES (?, ?, ?, ?, ?, ?, ?)",
        rows,
    )
    connection.executemany(
        "INSERT INTO people (id) VALUES (?)", ((number + 1,) for number in range(PEOPLE))
    )
    connection.executemany(
        "INSERT INTO counts VALUES (?, ?, ?, '', ?, 0)", ((*k, v) for k, v in counts.items())
    )
    connection.executemany(
        "INSERT INTO activity VALUES (?, ?, ?, ?, 1)", ((*k, v) for k, v in activity.items())
    )
    connection.commit()
    connection.execute("ANALYZE")
    connection.commit()
