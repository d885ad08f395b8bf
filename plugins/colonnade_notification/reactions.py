"""Reactions to events of other services: each announces what happened to those it concerns."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import delete

from colonnade.errors import NotFound
from colonnade.events import Event, Work, reactions_named, reacts_to
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
"""Events that this service reacts to."""

NO_TITLE = "…"
"""Placeholder for the title of a deleted course."""


@reactions_named("AccountNews")
class AccountReactions:
    """Reactions to events of accounts."""

    def __init__(self, announcer: Announcer) -> None:
        self._announcer = announcer

    @reacts_to(UserRegistered)
    async def registered(self, event: UserRegistered) -> Work | None:
        """Welcome a new account."""
        return await self._announcer.announce("welcome", event.user_id)

    @reacts_to(UserRoleChanged)
    async def role_changed(self, event: UserRoleChanged) -> Work | None:
        """Announce a new role."""
        return await self._announcer.announce("role_changed", event.user_id, {"role": event.role})

    @reacts_to(UserStatusChanged)
    async def status_changed(self, event: UserStatusChanged) -> Work | None:
        """Announce that an account was suspended or reinstated."""
        suspended = event.status is UserStatus.SUSPENDED
        kind = "account_suspended" if suspended else "account_reinstated"
        return await self._announcer.announce(kind, event.user_id)

    @reacts_to(PasswordChanged)
    async def password_changed(self, event: PasswordChanged) -> Work | None:
        """Warn the owner of the account, who may not have done it."""
        return await self._announcer.announce("password_changed", event.user_id)

    @reacts_to(ConfirmationRequested)
    async def confirmation_requested(self, event: ConfirmationRequested) -> Work | None:
        """Mail a confirmation link; its recipient is looked up when it goes out."""
        return self._announcer.announce_confirmation(event)

    @reacts_to(SessionEnded)
    async def session_ended(self, event: SessionEnded) -> Work | None:
        """Warn of a copied token; other ends of sessions are not announced."""
        if event.reason is not SessionEnd.TOKEN_REUSED:
            return None
        return await self._announcer.announce("session_stolen", event.user_id)

    @reacts_to(UserDeleted)
    def deleted(self, session: Session, event: UserDeleted) -> None:
        """Erase everything kept of a deleted account, and keep from writing any more."""
        for table in (NotificationRow, ModeRow, SettingsRow, PushSubscriptionRow, SuppressionRow):
            session.execute(delete(table).where(table.user_id == event.user_id))
        if session.get(ErasedRow, event.user_id) is None:
            session.add(ErasedRow(user_id=event.user_id, erased_at=session.now))


@reactions_named("CourseNews")
class CourseReactions:
    """Reactions to events of courses."""

    def __init__(self, ctx: ServiceContext, announcer: Announcer) -> None:
        self._ctx = ctx
        self._announcer = announcer

    @reacts_to(EnrollmentActivated)
    async def enrolled(self, event: EnrollmentActivated) -> Work | None:
        """Announce an enrolment."""
        return await self._announce("enrollment_activated", event.user_id, event.course_id)

    @reacts_to(EnrollmentCompleted)
    async def completed(self, event: EnrollmentCompleted) -> Work | None:
        """Announce a completed course."""
        return await self._announce("enrollment_completed", event.user_id, event.course_id)

    @reacts_to(EnrollmentEnded)
    async def ended(self, event: EnrollmentEnded) -> Work | None:
        """Announce the end of an enrolment."""
        return await self._announce("enrollment_ended", event.user_id, event.course_id)

    @reacts_to(InstructorAdded)
    async def teaches(self, event: InstructorAdded) -> Work | None:
        """Announce a course to its new instructor."""
        return await self._announce("instructor_added", event.user_id, event.course_id)

    @reacts_to(InstructorRemoved)
    async def no_longer_teaches(self, event: InstructorRemoved) -> Work | None:
        """Announce to an instructor that they no longer teach a course."""
        return await self._announce("instructor_removed", event.user_id, event.course_id)

    async def _announce(self, kind: str, user_id: UUID, course_id: UUID) -> Work | None:
        facts = {"course": await course_facts(self._ctx, course_id)}
        return await self._announcer.announce(kind, user_id, facts)


@reactions_named("MoneyNews")
class PaymentReactions:
    """Reactions to events of payments."""

    def __init__(self, ctx: ServiceContext, announcer: Announcer) -> None:
        self._ctx = ctx
        self._announcer = announcer

    @reacts_to(PaymentCaptured)
    async def captured(self, event: PaymentCaptured) -> Work | None:
        """Send a receipt."""
        facts = await self._sale(event.course_id, event.amount)
        facts["happened_at"] = event.captured_at.isoformat()
        return await self._announcer.announce("payment_captured", event.user_id, facts)

    @reacts_to(PaymentDeclined)
    async def declined(self, event: PaymentDeclined) -> Work | None:
        """Announce that the provider declined a payment; nothing was taken."""
        return await self._announce_declined(event)

    @reacts_to(PaymentCanceled)
    async def canceled(self, event: PaymentCanceled) -> Work | None:
        """Announce a payment that was cancelled, its seat gone or its time over."""
        return await self._announce_declined(event)

    @reacts_to(PaymentRefunded)
    async def refunded(self, event: PaymentRefunded) -> Work | None:
        """Announce a refund."""
        facts = await self._sale(event.course_id, event.amount)
        facts["happened_at"] = event.refunded_at.isoformat()
        return await self._announcer.announce("payment_refunded", event.user_id, facts)

    @reacts_to(PurchaseUndelivered)
    async def undelivered(self, event: PurchaseUndelivered) -> Work | None:
        """Announce to the academy's owners that a payment without a purchase goes back."""
        facts = await self._sale(event.course_id, event.amount) | {"reason": event.reason}
        owners = await self._ctx.ask(ListUsers(role=Role.OWNER, limit=MAXIMUM_LIMIT))
        told = [
            await self._announcer.announce("purchase_undelivered", owner.id, facts)
            for owner in owners.items
        ]
        return in_one_unit([work for work in told if work is not None])

    @reacts_to(PayoutPaid)
    async def paid_out(self, event: PayoutPaid) -> Work | None:
        """Announce a payout to its instructor."""
        facts = {"amount": event.amount.model_dump(), "happened_at": event.at.isoformat()}
        return await self._announcer.announce("payout_paid", event.instructor_id, facts)

    async def _announce_declined(self, event: PaymentDeclined | PaymentCanceled) -> Work | None:
        facts = await self._sale(event.course_id, event.amount) | {"reason": event.detail}
        return await self._announcer.announce("payment_declined", event.user_id, facts)

    async def _sale(self, course_id: UUID, amount: Money) -> dict[str, Any]:
        return {
            "course": await course_facts(self._ctx, course_id),
            "amount": amount.model_dump(),
        }


def in_one_unit(works: Sequence[Work]) -> Work:
    """The units of work as one."""

    def work(session: Session) -> None:
        for each in works:
            each(session)

    return work


async def course_facts(ctx: ServiceContext, course_id: UUID) -> dict[str, str]:
    """The facts of a course in messages.

    Raises:
        Unavailable, DeadlineExceeded: the course service does not answer.
    """
    try:
        course = await ctx.ask(GetCourse(course_id=course_id))
    except NotFound:
        return {"id": str(course_id), "title": NO_TITLE}
    return {"id": str(course_id), "title": course.title}
