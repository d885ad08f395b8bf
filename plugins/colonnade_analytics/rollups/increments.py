"""Increments of the counts. All of them commute: events in any order lead to the same counts."""

from enum import StrEnum
from uuid import UUID

from sqlalchemy import bindparam, update

from colonnade.money import Money
from colonnade.rows import Prepared, prepare
from colonnade.store import Session
from colonnade_analytics.calendar.instants import half_day_of, quarter_of
from colonnade_analytics.models import (
    EVERY_COURSE,
    NO_CURRENCY,
    ActivityRow,
    CountRow,
    EarningRow,
    EnrollmentRow,
    LessonCountRow,
)
from colonnade_analytics.privacy.pseudonyms import person_number
from colonnade_analytics.rollups.upserts import add_up, merge_bits
from colonnade_payment.api import Share

_MARK_ENROLLED: Prepared[()] = prepare(
    update(ActivityRow)
    .where(
        ActivityRow.person_id == bindparam("person"), ActivityRow.course_id == bindparam("course")
    )
    .values(enrolled=True)
)


class Metric(StrEnum):
    """Metrics that are counted; the values of `counts.metric`."""

    ENROLMENTS = "enrolments"
    COMPLETIONS = "completions"
    LESSONS = "lessons_completed"
    REVENUE = "revenue"
    REFUNDS = "refunds"
    PLATFORM_FEE = "platform_fee"


def count(session: Session, metric: Metric, occurred_us: int, course_id: UUID) -> None:
    """Add one to a metric."""
    _add(session, metric, occurred_us, course_id, NO_CURRENCY, 0)


def count_money(
    session: Session, metric: Metric, occurred_us: int, course_id: UUID, money: Money
) -> None:
    """Add one to a metric, and `money` to its amount."""
    _add(session, metric, occurred_us, course_id, money.currency, money.amount)


def subtract_money(
    session: Session, metric: Metric, occurred_us: int, course_id: UUID, money: Money
) -> None:
    """Add one to a metric, and subtract `money` from its amount."""
    _add(session, metric, occurred_us, course_id, money.currency, -money.amount)


def add_earnings(
    session: Session, occurred_us: int, course_id: UUID, shares: list[Share], sign: int
) -> None:
    """Add shares to the earnings of their instructors; `sign` is -1 for refunds."""
    rows = [
        {
            "quarter": quarter_of(occurred_us),
            "course_id": course_id,
            "person_id": person_number(session, share.user_id),
            "currency": share.amount.currency,
            "amount": sign * share.amount.amount,
        }
        for share in shares
    ]
    add_up(session, EarningRow, *rows)


def mark_active(
    session: Session, quarters: set[int], course_id: UUID, person_id: int, *, enrolled: bool
) -> None:
    """Mark a person as active in a course in each of these quarter-hours."""
    bits: dict[int, int] = {}
    for quarter in quarters:
        half_day, bit = half_day_of(quarter)
        bits[half_day] = bits.get(half_day, 0) | bit
    for half_day, mask in bits.items():
        row = {
            "half_day": half_day,
            "course_id": course_id,
            "person_id": person_id,
            "quarters": mask,
            "enrolled": enrolled,
        }
        merge_bits(session, ActivityRow, row, "quarters")


def enrollment_of(
    session: Session, enrollment_id: UUID, course_id: UUID, person_id: int
) -> EnrollmentRow:
    """The row of an enrolment. A new one makes its person a learner of the course, also in their
    activity before."""
    row = session.get(EnrollmentRow, enrollment_id)
    if row is None:
        row = EnrollmentRow(
            enrollment_id=enrollment_id,
            course_id=course_id,
            person_id=person_id,
            activated_us=None,
            completed_us=None,
            ended_us=None,
        )
        session.add(row)
        session.execute(_MARK_ENROLLED, {"person": person_id, "course": course_id})
    return row


def count_lesson(session: Session, course_id: UUID, lesson_id: UUID) -> None:
    """Add one to the enrolments that have completed a lesson."""
    add_up(
        session,
        LessonCountRow,
        {"course_id": course_id, "lesson_id": lesson_id, "completions": 1},
    )


def _add(
    session: Session, metric: Metric, occurred_us: int, course_id: UUID, currency: str, amount: int
) -> None:
    row = {
        "course_id": course_id,
        "quarter": quarter_of(occurred_us),
        "metric": metric,
        "currency": currency,
        "number": 1,
        "amount": amount,
    }
    add_up(session, CountRow, row, row | {"course_id": EVERY_COURSE})
