"""What the notification service does when others' events arrive."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import delete

from colonnade.errors import NotFound
from colonnade.events import Event, Work, reacts_to
from colonnade.money import Money
from colonnade.pagination import MAXIMUM_LIMIT
from colonnade.services import ServiceContext
from colonnade.store import Session
from colonnade_course.api import (
    EnrollmentActivated,
    EnrollmentCompleted,
    EnrollmentEnded,
    GetCourse,
    InstructorAdded,
    InstructorRemoved,
)
from colonnade_notification.delivery.announcer import Announcer
from colonnade_notification.models import (
    ErasedRow,
    ModeRow,
    NotificationRow,
    PushSubscriptionRow,
    SettingsRow,
    SuppressionRow,
)
from colonnade_payment.api import (
    PaymentCanceled,
    PaymentCaptured,
    PaymentDeclined,
    PaymentRefunded,
    PayoutPaid,
    PurchaseUndelivered,
)
from colonnade_user.api import (
    ConfirmationRequested,
    ListUsers,
    PasswordChanged,
    Role,
    SessionEnd,
    SessionEnded,
    UserDeleted,
    UserRegistered,
    UserRoleChanged,
    UserStatus,
    UserStatusChanged,
)

SUBSCRIPTIONS: tuple[type[Event], ...] = (
    UserRegistered,
    UserRoleChanged,
    UserStatusChanged,
    PasswordChanged,
    ConfirmationRequested,
    SessionEnded,
    UserDeleted,
    EnrollmentActivated,
    EnrollmentCompleted,
    EnrollmentEnded,
    InstructorAdded,
    InstructorRemoved,
    PaymentCaptured,
    PaymentDeclined,
    PaymentCanceled,
    PaymentRefunded,
    PayoutPaid,
    PurchaseUndelivered,
)
"""What this service reacts to."""

NO_TITLE = "…"
"""Stands for the title of a course that is gone."""


class AccountNews:
    """What happens to accounts."""

    def __init__(self, announcer: Announcer) -> None:
        self._announcer = announcer

    @reacts_to(UserRegistered)
    async def registered(self, event: UserRegistered) -> Work | None:
        """Welcome."""
        return await self._announcer.announce("welcome", event.user_id)

    @reacts_to(UserRoleChanged)
    async def role_changed(self, event: UserRoleChanged) -> Work | None:
        """Somebody may do more, or less."""
        return await self._announcer.announce("role_changed", event.user_id, {"role": event.role})

    @reacts_to(UserStatusChanged)
    async def status_changed(self, event: UserStatusChanged) -> Work | None:
        """Somebody was suspended, or may come back."""
        suspended = event.status is UserStatus.SUSPENDED
        kind = "account_suspended" if suspended else "account_reinstated"
        return await self._announcer.announce(kind, event.user_id)

    @reacts_to(PasswordChanged)
    async def password_changed(self, event: PasswordChanged) -> Work | None:
        """Whoever did not do that has to hear of it."""
        return await self._announcer.announce("password_changed", event.user_id)

    @reacts_to(ConfirmationRequested)
    async def confirmation_requested(self, event: ConfirmationRequested) -> Work | None:
        """A link that somebody waits for; who gets it is asked when it goes out."""
        return self._announcer.announce_confirmation(event)

    @reacts_to(SessionEnded)
    async def session_ended(self, event: SessionEnded) -> Work | None:
        """A copied token is worth a warning; other ends of sessions are not."""
        if event.reason is not SessionEnd.TOKEN_REUSED:
            return None
        return await self._announcer.announce("session_stolen", event.user_id)

    @reacts_to(UserDeleted)
    def deleted(self, session: Session, event: UserDeleted) -> None:
        """Erase what is kept of somebody, and write nothing about them again."""
        for table in (NotificationRow, ModeRow, SettingsRow, PushSubscriptionRow, SuppressionRow):
            session.execute(delete(table).where(table.user_id == event.user_id))
        if session.get(ErasedRow, event.user_id) is None:
            session.add(ErasedRow(user_id=event.user_id, erased_at=session.now))


class CourseNews:
    """What happens in courses."""

    def __init__(self, ctx: ServiceContext, announcer: Announcer) -> None:
        self._ctx = ctx
        self._announcer = announcer

    @reacts_to(EnrollmentActivated)
    async def enrolled(self, event: EnrollmentActivated) -> Work | None:
        """Somebody may begin."""
        return await self._tell("enrollment_activated", event.user_id, event.course_id)

    @reacts_to(EnrollmentCompleted)
    async def completed(self, event: EnrollmentCompleted) -> Work | None:
        """Somebody is through."""
        return await self._tell("enrollment_completed", event.user_id, event.course_id)

    @reacts_to(EnrollmentEnded)
    async def ended(self, event: EnrollmentEnded) -> Work | None:
        """Somebody is out."""
        return await self._tell("enrollment_ended", event.user_id, event.course_id)

    @reacts_to(InstructorAdded)
    async def teaches(self, event: InstructorAdded) -> Work | None:
        """Somebody teaches."""
        return await self._tell("instructor_added", event.user_id, event.course_id)

    @reacts_to(InstructorRemoved)
    async def no_longer_teaches(self, event: InstructorRemoved) -> Work | None:
        """Somebody does not teach any more."""
        return await self._tell("instructor_removed", event.user_id, event.course_id)

    async def _tell(self, kind: str, user_id: UUID, course_id: UUID) -> Work | None:
        facts = {"course": await course_facts(self._ctx, course_id)}
        return await self._announcer.announce(kind, user_id, facts)


class MoneyNews:
    """What happens to people's money."""

    def __init__(self, ctx: ServiceContext, announcer: Announcer) -> None:
        self._ctx = ctx
        self._announcer = announcer

    @reacts_to(PaymentCaptured)
    async def captured(self, event: PaymentCaptured) -> Work | None:
        """A receipt."""
        facts = await self._sale(event.course_id, event.amount)
        facts["happened_at"] = event.captured_at.isoformat()
        return await self._announcer.announce("payment_captured", event.user_id, facts)

    @reacts_to(PaymentDeclined)
    async def declined(self, event: PaymentDeclined) -> Work | None:
        """The provider said no; nothing was taken."""
        return await self._came_to_nothing(event)

    @reacts_to(PaymentCanceled)
    async def canceled(self, event: PaymentCanceled) -> Work | None:
        """The last seat went to somebody else, or time ran out; nothing was taken."""
        return await self._came_to_nothing(event)

    @reacts_to(PaymentRefunded)
    async def refunded(self, event: PaymentRefunded) -> Work | None:
        """Money went back."""
        facts = await self._sale(event.course_id, event.amount)
        facts["happened_at"] = event.refunded_at.isoformat()
        return await self._announcer.announce("payment_refunded", event.user_id, facts)

    @reacts_to(PurchaseUndelivered)
    async def undelivered(self, event: PurchaseUndelivered) -> Work | None:
        """Money arrived for what cannot be had; who owns the academy learns that it goes back."""
        facts = await self._sale(event.course_id, event.amount) | {"reason": event.reason}
        owners = await self._ctx.ask(ListUsers(role=Role.OWNER, limit=MAXIMUM_LIMIT))
        told = [
            await self._announcer.announce("purchase_undelivered", owner.id, facts)
            for owner in owners.items
        ]
        return _together([work for work in told if work is not None])

    @reacts_to(PayoutPaid)
    async def paid_out(self, event: PayoutPaid) -> Work | None:
        """An instructor got their share."""
        facts = {"amount": event.amount.model_dump(), "happened_at": event.at.isoformat()}
        return await self._announcer.announce("payout_paid", event.instructor_id, facts)

    async def _came_to_nothing(self, event: PaymentDeclined | PaymentCanceled) -> Work | None:
        facts = await self._sale(event.course_id, event.amount) | {"reason": event.detail}
        return await self._announcer.announce("payment_declined", event.user_id, facts)

    async def _sale(self, course_id: UUID, amount: Money) -> dict[str, Any]:
        return {
            "course": await course_facts(self._ctx, course_id),
            "amount": amount.model_dump(),
        }


def _together(works: Sequence[Work]) -> Work:
    def work(session: Session) -> None:
        for each in works:
            each(session)

    return work


async def course_facts(ctx: ServiceContext, course_id: UUID) -> dict[str, str]:
    """What messages say of a course.

    Raises:
        Unavailable, DeadlineExceeded: the course service does not answer.
    """
    try:
        course = await ctx.ask(GetCourse(course_id=course_id))
    except NotFound:
        return {"id": str(course_id), "title": NO_TITLE}
    return {"id": str(course_id), "title": course.title}
