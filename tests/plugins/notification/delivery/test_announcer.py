"""Nobody is told of what they decided themselves; confirmations and warnings come all the same."""

from collections.abc import Callable
from uuid import UUID

import pytest
from notification_bench import NotificationBench

from colonnade.events import Event
from colonnade.identifiers import new_id
from colonnade_course.api import (
    EnrollmentActivated,
    EnrollmentEnded,
    InstructorAdded,
    InstructorRemoved,
)
from colonnade_notification.wording.kinds import KINDS
from colonnade_user.api import (
    PasswordChanged,
    Role,
    UserRegistered,
    UserRoleChanged,
    UserStatus,
    UserStatusChanged,
)

Happening = Callable[[UUID, UUID], Event]


def role(person: UUID, course: UUID) -> Event:
    return UserRoleChanged(user_id=person, previous=Role.OWNER, role=Role.ADMIN)


def suspended(person: UUID, course: UUID) -> Event:
    active, over = UserStatus.ACTIVE, UserStatus.SUSPENDED
    return UserStatusChanged(user_id=person, previous=active, status=over)


def back(person: UUID, course: UUID) -> Event:
    active, over = UserStatus.ACTIVE, UserStatus.SUSPENDED
    return UserStatusChanged(user_id=person, previous=over, status=active)


def teaches(person: UUID, course: UUID) -> Event:
    return InstructorAdded(course_id=course, user_id=person, sequence=1)


def no_longer_teaches(person: UUID, course: UUID) -> Event:
    return InstructorRemoved(course_id=course, user_id=person, sequence=2)


def left(person: UUID, course: UUID) -> Event:
    return EnrollmentEnded(
        enrollment_id=new_id(),
        course_id=course,
        user_id=person,
        status="ended",
        sequence=3,
    )


def enrolled(person: UUID, course: UUID) -> Event:
    return EnrollmentActivated(
        enrollment_id=new_id(),
        course_id=course,
        user_id=person,
        status="active",
        sequence=1,
    )


def registered(person: UUID, course: UUID) -> Event:
    return UserRegistered(user_id=person, name="Ada", role=Role.LEARNER)


def password(person: UUID, course: UUID) -> Event:
    return PasswordChanged(user_id=person)


DECISIONS = [role, suspended, back, teaches, no_longer_teaches, left]
OTHERS = [enrolled, registered, password]


@pytest.mark.parametrize("happening", DECISIONS)
async def test_a_decision_is_news_to_all_but_whoever_took_it(
    bench: NotificationBench, happening: Happening
) -> None:
    ada, olga, course = bench.account(), bench.owner(), bench.course()
    await bench.deliver(happening(ada, course), actor=ada)
    assert await bench.rows() == []
    await bench.deliver(happening(ada, course), actor=olga)
    assert {row.channel for row in await bench.rows()} == {"in_app", "email"}
    await bench.deliver(happening(ada, course))
    assert len(await bench.rows("in_app")) == 2, "what a saga or a schedule did is news as well"


@pytest.mark.parametrize("happening", OTHERS)
async def test_a_confirmation_and_a_warning_come_to_whoever_acted(
    bench: NotificationBench, happening: Happening
) -> None:
    ada, course = bench.account(), bench.course()
    await bench.deliver(happening(ada, course), actor=ada)
    assert len(await bench.rows("in_app")) == 1


def test_every_kind_that_is_a_decision_is_tried_here() -> None:
    decisions = {name for name, kind in KINDS.items() if kind.decision}
    assert decisions == {
        *("role_changed", "account_suspended", "account_reinstated"),
        *("instructor_added", "instructor_removed", "enrollment_ended"),
    }
