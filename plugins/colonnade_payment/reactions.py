"""Reactions of the payment service to events of others."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import select

from colonnade.events import reactions_named, reacts_to
from colonnade.store import Session
from colonnade_course.api import InstructorAdded, InstructorEvent, InstructorRemoved
from colonnade_payment.models import InstructorRow, PaymentRow
from colonnade_payment.statuses import OPEN
from colonnade_user.api import UserDeleted


@reactions_named("Teaching")
class InstructorProjection:
    """Projection of who teaches which course, so that sales can be shared."""

    @reacts_to(InstructorAdded)
    def instructor_added(self, session: Session, event: InstructorAdded) -> None:
        """Record that a person teaches a course."""
        _record(session, event, active=True)

    @reacts_to(InstructorRemoved)
    def instructor_removed(self, session: Session, event: InstructorRemoved) -> None:
        """Record that a person no longer teaches a course; what they have earned stays theirs."""
        _record(session, event, active=False)


@reactions_named("Departures")
class AccountReactions:
    """Reactions to accounts: open purchases of deleted ones turn back."""

    @reacts_to(UserDeleted)
    def user_deleted(self, session: Session, event: UserDeleted) -> None:
        """Ask their open purchases to turn back before they capture."""
        for payment in _open_payments(session, event.user_id):
            payment.cancel_requested = True


def _open_payments(session: Session, user_id: UUID) -> Sequence[PaymentRow]:
    query = select(PaymentRow).where(PaymentRow.user_id == user_id, PaymentRow.status.in_(OPEN))
    return session.scalars(query).all()


def _record(session: Session, event: InstructorEvent, *, active: bool) -> None:
    row = session.get(InstructorRow, (event.course_id, event.user_id))
    if row is None:
        row = InstructorRow(
            course_id=event.course_id, user_id=event.user_id, active=active, sequence=0
        )
        session.add(row)
    if event.sequence > row.sequence:
        row.active, row.sequence = active, event.sequence
