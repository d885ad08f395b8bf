"""How a service that sells seats holds, uses and frees them."""

import asyncio
from typing import Any
from uuid import UUID, uuid4

import pytest
from course_journeys import Academy, AskAs

from colonnade.context import Principal
from colonnade.errors import Forbidden, NotFound
from colonnade_course.api import (
    ActivateEnrollment,
    AlreadyEnrolled,
    CourseFull,
    ReleaseSeat,
    Reservation,
    ReservationActive,
    ReservationGone,
    ReservationKeyReused,
    ReservationReleased,
    ReserveSeat,
)

PAYMENT = Principal.service("payment")


async def reserve(
    ask_as: AskAs, course: Any, key: str = "order-1", user: Any = None
) -> Reservation:
    user_id = user or uuid4()
    request = ReserveSeat(key=key, course_id=UUID(course["id"]), user_id=user_id)
    return await ask_as(PAYMENT, request)


async def taken(academy: Academy, course: Any) -> int:
    """Enrolments that hold a seat."""
    url = f"/enrollments?course_id={course['id']}&limit=100"
    items = (await academy.owner.get(url)).json()["items"]
    return sum(item["status"] != "ended" for item in items)


async def test_a_reservation_holds_a_seat_until_it_is_released(
    academy: Academy, ask_as: AskAs
) -> None:
    course = await academy.published_course(seats=1)
    assert (await reserve(ask_as, course)).status == "pending"
    with pytest.raises(CourseFull):
        await reserve(ask_as, course, "order-2")
    assert (await ask_as(PAYMENT, ReleaseSeat(key="order-1"))).status == "ended"
    assert (await reserve(ask_as, course, "order-2")).status == "pending"


async def test_reserving_again_with_the_same_key_answers_the_same(
    academy: Academy, ask_as: AskAs
) -> None:
    course, user = await academy.published_course(seats=5), uuid4()
    answers = await asyncio.gather(*(reserve(ask_as, course, user=user) for _ in range(5)))
    assert len(set(answers)) == 1
    assert await taken(academy, course) == 1


async def test_a_key_is_for_one_seat(academy: Academy, ask_as: AskAs) -> None:
    course = await academy.published_course()
    await reserve(ask_as, course)
    with pytest.raises(ReservationKeyReused):
        await reserve(ask_as, course)


async def test_a_reserved_seat_is_the_learners_only_enrolment(
    academy: Academy, ask_as: AskAs
) -> None:
    course, user = await academy.published_course(), UUID(academy.learner.user_id)
    await reserve(ask_as, course, user=user)
    refused = await academy.learner.post("/enrollments", {"course_id": course["id"]})
    assert refused.status_code == 409
    with pytest.raises(AlreadyEnrolled):
        await reserve(ask_as, course, "order-2", user)


async def test_a_pending_enrolment_makes_no_progress_and_is_not_left(
    academy: Academy, ask_as: AskAs
) -> None:
    course, _, lessons = await academy.course_with_lessons(1, publish=True)
    reservation = await reserve(ask_as, course, user=UUID(academy.learner.user_id))
    url = f"/enrollments/{reservation.enrollment_id}"
    body = {"status": "completed"}
    progress = await academy.learner.put(f"{url}/lessons/{lessons[0]['id']}", body)
    assert progress.status_code == 409
    assert (await academy.learner.post(f"{url}/end")).status_code == 409


async def test_activating_is_repeated_freely(academy: Academy, ask_as: AskAs) -> None:
    course = await academy.published_course(seats=1)
    await reserve(ask_as, course)
    first = await ask_as(PAYMENT, ActivateEnrollment(key="order-1"))
    assert first.status == "active"
    assert await ask_as(PAYMENT, ActivateEnrollment(key="order-1")) == first
    assert await taken(academy, course) == 1


async def test_activating_after_a_release_takes_a_seat_beyond_the_limit(
    academy: Academy, ask_as: AskAs
) -> None:
    course = await academy.published_course(seats=1)
    await reserve(ask_as, course)
    await ask_as(PAYMENT, ReleaseSeat(key="order-1"))
    await reserve(ask_as, course, "order-2")
    assert (await ask_as(PAYMENT, ActivateEnrollment(key="order-1"))).status == "active"
    assert await taken(academy, course) == 2


async def test_activating_again_does_not_bring_back_somebody_who_left(
    academy: Academy, ask_as: AskAs
) -> None:
    course = await academy.published_course()
    reservation = await reserve(ask_as, course, user=UUID(academy.learner.user_id))
    await ask_as(PAYMENT, ActivateEnrollment(key="order-1"))
    left = await academy.learner.post(f"/enrollments/{reservation.enrollment_id}/end")
    assert left.status_code == 200
    assert (await ask_as(PAYMENT, ActivateEnrollment(key="order-1"))).status == "ended"


async def test_an_active_enrolment_is_not_released(academy: Academy, ask_as: AskAs) -> None:
    await reserve(ask_as, await academy.published_course())
    await ask_as(PAYMENT, ActivateEnrollment(key="order-1"))
    with pytest.raises(ReservationActive):
        await ask_as(PAYMENT, ReleaseSeat(key="order-1"))


async def test_a_key_released_before_it_arrived_cannot_be_reserved(
    academy: Academy, ask_as: AskAs
) -> None:
    """A reservation that was given up while it was on its way must not hold a seat for ever."""
    course = await academy.published_course(seats=1)
    released = await ask_as(PAYMENT, ReleaseSeat(key="order-1"))
    assert (released.status, released.enrollment_id) == ("ended", None)
    with pytest.raises(ReservationReleased):
        await reserve(ask_as, course)
    assert await taken(academy, course) == 0


async def test_a_released_key_stays_released(academy: Academy, ask_as: AskAs) -> None:
    course, user = await academy.published_course(), uuid4()
    await reserve(ask_as, course, user=user)
    first = await ask_as(PAYMENT, ReleaseSeat(key="order-1"))
    assert await ask_as(PAYMENT, ReleaseSeat(key="order-1")) == first
    with pytest.raises(ReservationReleased):
        await reserve(ask_as, course, user=user)


async def test_activating_what_was_never_reserved_is_final(ask_as: AskAs) -> None:
    """Whoever was paid can tell it from a service that does not answer, and gives it back."""
    with pytest.raises(ReservationGone):
        await ask_as(PAYMENT, ActivateEnrollment(key="order-1"))


async def test_seats_of_a_draft_are_not_sold(academy: Academy, ask_as: AskAs) -> None:
    with pytest.raises(NotFound):
        await reserve(ask_as, await academy.course())


async def test_another_service_reserves_nothing(academy: Academy, ask_as: AskAs) -> None:
    course = await academy.published_course()
    request = ReserveSeat(key="order-1", course_id=UUID(course["id"]), user_id=uuid4())
    with pytest.raises(Forbidden):
        await ask_as(Principal.service("content"), request)
