"""When an account is deleted, its seats become free and it teaches nothing."""

from uuid import UUID

from course_journeys import Academy, AskAs, Deliver

from colonnade.context import Principal
from colonnade_course.api import ActivateEnrollment, ReserveSeat
from colonnade_user.api import UserDeleted

PAYMENT = Principal.service("payment")


async def test_the_enrolments_of_a_deleted_user_end_and_free_their_seats(
    academy: Academy, deliver: Deliver
) -> None:
    course = await academy.published_course(seats=1)
    await academy.enrol(academy.learner, course)
    await deliver(UserDeleted(user_id=UUID(academy.learner.user_id)))
    url = f"/enrollments?course_id={course['id']}"
    listed = (await academy.owner.get(url)).json()["items"]
    assert [item["status"] for item in listed] == ["ended"]
    other = await academy.new_learner()
    assert (await other.post("/enrollments", {"course_id": course["id"]})).status_code == 201


async def test_a_deleted_user_teaches_nothing(academy: Academy, deliver: Deliver) -> None:
    course = await academy.course()
    await deliver(UserDeleted(user_id=UUID(academy.teacher.user_id)))
    listed = await academy.owner.get(f"/courses/{course['id']}/instructors")
    assert listed.json()["items"] == []


async def test_a_purchase_of_a_deleted_user_is_not_activated(
    academy: Academy, deliver: Deliver, ask_as: AskAs
) -> None:
    course, user_id = await academy.published_course(), UUID(academy.learner.user_id)
    request = ReserveSeat(key="order-1", course_id=UUID(course["id"]), user_id=user_id)
    await ask_as(PAYMENT, request)
    await deliver(UserDeleted(user_id=user_id))
    assert (await ask_as(PAYMENT, ActivateEnrollment(key="order-1"))).status == "ended"


async def test_hearing_of_a_deletion_twice_changes_nothing_more(
    academy: Academy, deliver: Deliver
) -> None:
    course = await academy.published_course(seats=2)
    await academy.enrol(academy.learner, course)
    for _ in range(2):
        await deliver(UserDeleted(user_id=UUID(academy.learner.user_id)))
    learners = [await academy.new_learner() for _ in range(3)]
    codes = [
        (await learner.post("/enrollments", {"course_id": course["id"]})).status_code
        for learner in learners
    ]
    assert codes == [201, 201, 409]
