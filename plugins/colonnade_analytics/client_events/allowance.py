"""How much the app of one person may send in a UTC day: one row per person and day."""

from collections.abc import Mapping, Sequence
from typing import Any

from colonnade.allowances import used_up
from colonnade.store import Session
from colonnade_analytics.calendar.instants import day_of
from colonnade_analytics.config import ClientEventsConfig
from colonnade_analytics.models import ClientEventDayRow
from colonnade_analytics.rollups.upserts import add_up

ROW_BYTES = 100
"""What an event takes beside its name and properties: ids, times, its place in the index."""


def size_of(row: Mapping[str, Any]) -> int:
    """Bytes that an event counts as."""
    return ROW_BYTES + len(row["name"]) + len(row["properties"].encode())


def spend(
    session: Session,
    person: int,
    rows: Sequence[Mapping[str, Any]],
    received_us: int,
    config: ClientEventsConfig,
) -> None:
    """Count what was kept of one batch.

    Raises:
        TooManyRequests: it is more than a day may bring; with `Retry-After`, the end of the day.
    """
    if not rows:
        return
    counted = {
        "person_id": person,
        "day": day_of(received_us),
        "events": len(rows),
        "bytes": sum(map(size_of, rows)),
    }
    add_up(session, ClientEventDayRow, counted)
    today = session.get_one(ClientEventDayRow, (person, counted["day"]))
    if today.events > config.per_day or today.bytes > config.bytes_per_day:
        raise used_up(
            session.now,
            f"A person may send {config.per_day} events and {config.bytes_per_day} a day, and "
            "this batch would be more; nothing of it was kept",
        )
