"""Queries of the counts, by period."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, TypeAlias

from sqlalchemy import (
    CTE,
    BigInteger,
    ColumnElement,
    column,
    func,
    literal,
    select,
    text,
)

from colonnade.store import Session
from colonnade_analytics.calendar.instants import QUARTERS_OF_HALF_DAY
from colonnade_analytics.calendar.periods import Period
from colonnade_analytics.models import EVERY_COURSE, ActivityRow, CountRow, PersonRow

Span: TypeAlias = tuple[int, int]
"""Quarter-hours: the first, and the first after."""

Sums: TypeAlias = dict[tuple[str, str], tuple[int, int]]
"""Metric and currency → number and amount."""

_WHOLE = (1 << QUARTERS_OF_HALF_DAY) - 1


def spans_of(found: Iterable[Period]) -> list[Span]:
    """The quarter-hours of each period."""
    return [(period.first_quarter, period.end_quarter) for period in found]


def sums_by_span(session: Session, spans: Sequence[Span], where: ColumnElement[bool]) -> list[Sums]:
    """Sums of each span, over the rows of `CountRow` that `where` admits."""
    places = span_places(spans)
    query = (
        select(
            places.c.place,
            CountRow.metric,
            CountRow.currency,
            func.sum(CountRow.number),
            func.sum(CountRow.amount),
        )
        .join_from(
            places,
            CountRow,
            (CountRow.quarter >= places.c.low) & (CountRow.quarter < places.c.high),
        )
        .where(where)
        .group_by(places.c.place, CountRow.metric, CountRow.currency)
    )
    found: list[Sums] = [{} for _ in spans]
    for place, metric, currency, number, amount in session.execute(query):
        found[place][metric, currency] = (int(number), int(amount))
    return found


def learners_by_span(
    session: Session, spans: Sequence[Span], where: ColumnElement[bool]
) -> list[int]:
    """Numbers of learners active in each span, each once, over the rows of `ActivityRow` that
    `where` admits."""
    pieces = activity_pieces(spans)
    query = (
        select(pieces.c.place, func.count(ActivityRow.person_id.distinct()))
        .join_from(pieces, ActivityRow, overlaps(pieces))
        .where(ActivityRow.enrolled.is_(True), where)
        .group_by(pieces.c.place)
    )
    found = [0] * len(spans)
    for place, number in session.execute(query):
        found[place] = int(number)
    return found


def learners_in_all(session: Session, spans: Sequence[Span], where: ColumnElement[bool]) -> int:
    """Number of learners active in any of the spans, over the rows of `ActivityRow` that `where`
    admits. One activity of each person is looked for, instead of reading them all."""
    pieces = activity_pieces(spans)
    active = (
        select(literal(1))
        .join_from(pieces, ActivityRow, overlaps(pieces))
        .where(ActivityRow.person_id == PersonRow.id, ActivityRow.enrolled.is_(True), where)
    )
    query = select(func.count()).select_from(PersonRow).where(active.exists())
    return session.scalars(query).one()


def of_every_course() -> ColumnElement[bool]:
    """The condition on `CountRow` that counts all courses together."""
    return CountRow.course_id == EVERY_COURSE


def of_single_courses() -> ColumnElement[bool]:
    """The condition on `CountRow` that counts each course by itself."""
    return CountRow.course_id != EVERY_COURSE


def overlaps(pieces: Any) -> ColumnElement[bool]:
    """The condition that an activity lies in a piece of a span."""
    inside: ColumnElement[bool] = ActivityRow.half_day.between(pieces.c.low, pieces.c.high) & (
        ActivityRow.quarters.bitwise_and(pieces.c.mask) != 0
    )
    return inside


def activity_pieces(spans: Sequence[Span]) -> CTE:
    """The spans cut into runs of half days, each with the quarter-hours that count in it."""
    rows = [(place, *piece) for place, (low, high) in enumerate(spans) for piece in _cut(low, high)]
    return _numbers("pieces", ("place", "low", "high", "mask"), rows or [(-1, 0, -1, 0)])


def span_places(spans: Sequence[Span]) -> CTE:
    """The spans as rows to join with: `place`, `low` and `high`, the last not included."""
    rows = [(place, low, high) for place, (low, high) in enumerate(spans)]
    return _numbers("spans", ("place", "low", "high"), rows or [(-1, 0, 0)])


def _numbers(name: str, columns: Sequence[str], rows: Sequence[tuple[int, ...]]) -> CTE:
    """A table of whole numbers. As text: a thousand bound parameters take longer to compile than
    the database takes to count, and a number can be nothing but a number."""
    written = ",".join(f"({','.join(str(int(value)) for value in row)})" for row in rows)
    named = ", ".join(f"column{place} AS {each}" for place, each in enumerate(columns, 1))
    described = [column(each, BigInteger) for each in columns]
    given = text(f"SELECT {named} FROM (VALUES {written}) AS given")  # noqa: S608
    return given.columns(*described).cte(name)


def _cut(low: int, high: int) -> Iterator[tuple[int, int, int]]:
    """First and last half day and mask: a beginning, the whole ones between, an end."""
    if low >= high:
        return
    first, head = divmod(low, QUARTERS_OF_HALF_DAY)
    last, tail = divmod(high, QUARTERS_OF_HALF_DAY)
    if first == last:
        yield first, first, ((1 << tail) - 1) & ~((1 << head) - 1)
        return
    if head:
        yield first, first, _WHOLE & ~((1 << head) - 1)
        first += 1
    if first < last:
        yield first, last - 1, _WHOLE
    if tail:
        yield last, last, (1 << tail) - 1
