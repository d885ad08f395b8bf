"""Cohort retention: learners by their first enrolment, and by how much later they were active."""

from collections.abc import Mapping, Sequence
from typing import Any, Literal

from pydantic import Field
from sqlalchemy import Select, func, select

from colonnade.store import Session
from colonnade_analytics.api import (
    Cell,
    Column,
    HeatMap,
    ReportParameters,
    ReportSource,
    ReportStep,
    ReportTable,
)
from colonnade_analytics.calendar.instants import microseconds_of
from colonnade_analytics.calendar.periods import Period, first_day, periods
from colonnade_analytics.models import ActivityRow, EnrollmentRow
from colonnade_analytics.privacy.cohorts import Cohort, protected
from colonnade_analytics.reports.captions import hidden_note, subtitle
from colonnade_analytics.reports.scope import in_scope, last_day
from colonnade_analytics.rollups.queries import activity_pieces, overlaps
from colonnade_analytics.wording.formats import number, percent, period_name
from colonnade_analytics.wording.texts import text

COHORTS_PER_STEP = 4
DEFAULT_COHORTS = 12
MAXIMUM_COHORTS = 53


class RetentionParameters(ReportParameters):
    """Parameters: a cohort is everybody who first enrolled in one month, or week, of the days."""

    interval: Literal["week", "month"] = Field("month", description="How long a period is.")


class CohortRetention:
    """Cohorts by their first enrolment, and the share of each that was active in each period."""

    name = "cohort_retention"
    parameters = RetentionParameters

    def title(self, locale: str) -> str:
        """Title for people."""
        return text(locale, "cohort_retention")

    async def step(
        self,
        source: ReportSource,
        parameters: RetentionParameters,
        state: Mapping[str, Any] | None,
    ) -> ReportStep | ReportTable:
        """Count some cohorts per step; the state is what was counted of those before, and the day
        on which the report was begun, so that midnight does not move it."""
        begun = source.now.isoformat() if state is None else state["begun"]
        found = _periods(source, parameters, begun)
        cohorts: list[list[int]] = [] if state is None else list(state["cohorts"])
        upto = min(len(cohorts) + COHORTS_PER_STEP, len(found))
        cohorts += [
            await source.read(_counting(source, found, place))
            for place in range(len(cohorts), upto)
        ]
        if upto < len(found):
            done = 100 * upto // len(found)
            return ReportStep(done, {"begun": begun, "cohorts": cohorts})
        return _table(self.title(source.locale), source, parameters, found, cohorts)


def _periods(source: ReportSource, parameters: RetentionParameters, begun: str) -> list[Period]:
    moment = type(source.now).fromisoformat(begun)
    last = parameters.to_date or moment.astimezone(source.zone).date()
    interval = parameters.interval
    first = parameters.from_date or first_day(interval, last, DEFAULT_COHORTS)
    return periods(source.zone, interval, first, last)[-MAXIMUM_COHORTS:]


def _counting(source: ReportSource, found: Sequence[Period], place: int) -> Any:
    def work(session: Session) -> list[int]:
        cohort = _cohort(source, found[place])
        size = session.scalars(select(func.count()).select_from(cohort.subquery())).one()
        return [int(size), *_active(session, source, cohort, found[place:])]

    return work


def _cohort(source: ReportSource, period: Period) -> Select[Any]:
    first = func.min(EnrollmentRow.activated_us)
    return (
        select(EnrollmentRow.person_id)
        .where(EnrollmentRow.activated_us.is_not(None), in_scope(EnrollmentRow.course_id, source))
        .group_by(EnrollmentRow.person_id)
        .having((first >= microseconds_of(period.start)) & (first < microseconds_of(period.end)))
    )


def _active(
    session: Session, source: ReportSource, cohort: Select[Any], found: Sequence[Period]
) -> list[int]:
    pieces = activity_pieces([(item.first_quarter, item.end_quarter) for item in found])
    query = (
        select(pieces.c.place, func.count(ActivityRow.person_id.distinct()))
        .join_from(pieces, ActivityRow, overlaps(pieces))
        .where(
            ActivityRow.enrolled.is_(True),
            ActivityRow.person_id.in_(cohort),
            in_scope(ActivityRow.course_id, source),
        )
        .group_by(pieces.c.place)
    )
    counts = [0] * len(found)
    for place, active in session.execute(query):
        counts[place] = int(active)
    return counts


def _table(
    title: str,
    source: ReportSource,
    parameters: RetentionParameters,
    found: Sequence[Period],
    counted: Sequence[Sequence[int]],
) -> ReportTable:
    raw = [Cohort(item[0], tuple(item[1:])) for item in counted]
    cohorts = protected(raw, source.smallest_group)
    locale, interval = source.locale, parameters.interval
    names = [period_name(period, interval, locale) for period in found]
    after = text(locale, f"{interval}s_after")
    rows = tuple(_row(found[place], cohort) for place, cohort in enumerate(cohorts))
    hides = any(None in (cohort.size, *cohort.active) for cohort in cohorts)
    return ReportTable(
        title=title,
        subtitle=subtitle(source, found[0].first_day, last_day(source, parameters)),
        columns=(
            Column("cohort", text(locale, "cohort")),
            Column("learners", text(locale, "learners"), "count"),
            *(Column(f"after_{later}", f"+{later}", "percent") for later in range(len(found))),
        ),
        rows=rows,
        summary=_summary(cohorts, interval, locale),
        notes=hidden_note(source, hides),
        chart=HeatMap(
            rows=tuple(names),
            sizes=tuple(_size(cohort, locale) for cohort in cohorts),
            columns=tuple(str(later) for later in range(len(found))),
            values=tuple(
                tuple(_share(active, cohort.size) for active in cohort.active) for cohort in cohorts
            ),
            row_label=text(locale, "cohort"),
            column_label=after,
        ),
    )


def _row(period: Period, cohort: Cohort) -> dict[str, Cell]:
    shares: dict[str, Cell] = {
        f"after_{later}": _share(active, cohort.size) for later, active in enumerate(cohort.active)
    }
    return {"cohort": period.label, "learners": cohort.size, **shares}


def _share(active: int | None, size: int | None) -> float | None:
    return None if active is None or not size else round(active * 100 / size, 1)


def _size(cohort: Cohort, locale: str) -> str:
    return text(locale, "hidden") if cohort.size is None else number(cohort.size, locale)


def _summary(cohorts: Sequence[Cohort], interval: str, locale: str) -> tuple[str, ...]:
    """Retention in the second period, over the cohorts for which it is over and shown."""
    known = [
        (cohort.size, cohort.active[1])
        for cohort in cohorts
        if len(cohort.active) > 2 and cohort.size and cohort.active[1] is not None
    ]
    size = sum(item[0] for item in known)
    if not size:
        return ()
    share = percent(sum(item[1] or 0 for item in known) * 100 / size, locale)
    name = text(locale, f"interval_{interval}")
    return (text(locale, "retention_next", share=share, interval=name),)
