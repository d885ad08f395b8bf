"""Daily allowance of client events: one row per person and UTC day."""

from collections.abc import Mapping, Sequence
from typing import Any

from colonnade.allowances import used_up
from colonnade.store import Session
from colonnade_analytics.calendar.instants import day_of
from colonnade_analytics.config import ClientEventsConfig
from colonnade_analytics.models import ClientEventDayRow
from colonnade_analytics.rollups.upserts import add_up

ROW_BYTES = 100
"""Bytes of an event beside its name and properties: ids, times, its place in the index."""


def size_of(row: Mapping[str, Any]) -> int:
    """Bytes that an event counts as."""
    properties = row["properties"]
    size = len(properties) if properties.isascii() else len(properties.encode())
    return ROW_BYTES + len(row["name"]) + size


def spend(
    session: Session,
    person: int,
    rows: Sequence[Mapping[str, Any]],
    received_us: int,
    config: ClientEventsConfig,
) -> None:
    """Count the new events of one batch against the allowance.

    Raises:
        TooManyRequests: they are more than the allowance; `Retry-After` is the end of the day.
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
