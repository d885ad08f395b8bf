"""Retention of client events: by age, and by how much is kept of each person."""

from functools import partial

from sqlalchemy import delete, func, select

from colonnade.services import ServiceContext
from colonnade.store import Session
from colonnade_analytics.calendar.instants import DAY_MICROSECONDS, day_of, microseconds_of
from colonnade_analytics.config import ClientEventsConfig
from colonnade_analytics.models import ClientEventDayRow, ClientEventRow

PEOPLE_AT_ONCE = 1000


async def delete_expired_events(ctx: ServiceContext, config: ClientEventsConfig) -> None:
    """Delete events past their age, then the oldest days of people with too many: one day of one
    person per transaction, so that others write in between."""
    while await ctx.store.run(partial(_delete_expired_day, seconds=config.kept)):
        continue
    for person in await ctx.store.read(partial(_people_over_bound, most=config.bytes_kept)):
        while await ctx.store.run(
            partial(_delete_oldest_day, person=person, most=config.bytes_kept)
        ):
            continue


def _delete_expired_day(session: Session, *, seconds: float) -> bool:
    first_kept = day_of(microseconds_of(session.now) - int(seconds * 1_000_000))
    expired = select(ClientEventDayRow).where(ClientEventDayRow.day < first_kept).limit(1)
    row = session.scalar(expired)
    if row is None:
        return False
    _delete_day(session, row)
    return True


def _people_over_bound(session: Session, *, most: int) -> list[int]:
    over_bound = (
        select(ClientEventDayRow.person_id)
        .group_by(ClientEventDayRow.person_id)
        .having(func.sum(ClientEventDayRow.bytes) > most)
        .limit(PEOPLE_AT_ONCE)
    )
    return list(session.scalars(over_bound))


def _delete_oldest_day(session: Session, *, person: int, most: int) -> bool:
    days = select(ClientEventDayRow).where(ClientEventDayRow.person_id == person)
    rows = session.scalars(days.order_by(ClientEventDayRow.day)).all()
    if len(rows) < 2 or sum(row.bytes for row in rows) <= most:
        return False
    _delete_day(session, rows[0])
    return True


def _delete_day(session: Session, row: ClientEventDayRow) -> None:
    first = row.day * DAY_MICROSECONDS
    session.execute(
        delete(ClientEventRow).where(
            ClientEventRow.person_id == row.person_id,
            ClientEventRow.received_us >= first,
            ClientEventRow.received_us < first + DAY_MICROSECONDS,
        )
    )
    session.delete(row)
