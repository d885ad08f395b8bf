"""What is kept of the events that clients sent: for so long, and so much of each person."""

from functools import partial

from sqlalchemy import delete, func, select

from colonnade.services import ServiceContext
from colonnade.store import Session
from colonnade_analytics.calendar.instants import DAY_MICROSECONDS, day_of, microseconds_of
from colonnade_analytics.config import ClientEventsConfig
from colonnade_analytics.models import ClientEventDayRow, ClientEventRow

PEOPLE_AT_ONCE = 1000


async def remove_old_events(ctx: ServiceContext, config: ClientEventsConfig) -> None:
    """Remove what was kept for long enough, then the oldest days of whoever has too much: a
    person's day at a time, so that others write in between."""
    while await ctx.store.run(partial(_remove_outdated_day, seconds=config.kept)):
        continue
    for person in await ctx.store.read(partial(_heavy_people, most=config.bytes_kept)):
        while await ctx.store.run(partial(_lighten, person=person, most=config.bytes_kept)):
            continue


def _remove_outdated_day(session: Session, *, seconds: float) -> bool:
    first_kept = day_of(microseconds_of(session.now) - int(seconds * 1_000_000))
    outdated = select(ClientEventDayRow).where(ClientEventDayRow.day < first_kept).limit(1)
    row = session.scalar(outdated)
    if row is None:
        return False
    _remove(session, row)
    return True


def _heavy_people(session: Session, *, most: int) -> list[int]:
    heavy = (
        select(ClientEventDayRow.person_id)
        .group_by(ClientEventDayRow.person_id)
        .having(func.sum(ClientEventDayRow.bytes) > most)
        .limit(PEOPLE_AT_ONCE)
    )
    return list(session.scalars(heavy))


def _lighten(session: Session, *, person: int, most: int) -> bool:
    days = select(ClientEventDayRow).where(ClientEventDayRow.person_id == person)
    rows = session.scalars(days.order_by(ClientEventDayRow.day)).all()
    if len(rows) < 2 or sum(row.bytes for row in rows) <= most:
        return False
    _remove(session, rows[0])
    return True


def _remove(session: Session, row: ClientEventDayRow) -> None:
    first = row.day * DAY_MICROSECONDS
    session.execute(
        delete(ClientEventRow).where(
            ClientEventRow.person_id == row.person_id,
            ClientEventRow.received_us >= first,
            ClientEventRow.received_us < first + DAY_MICROSECONDS,
        )
    )
    session.delete(row)
