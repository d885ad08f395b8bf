"""Whoever accepts an invitation is enrolled in the courses that came with it."""

from uuid import UUID

from course_journeys import Academy, Deliver

from colonnade.identifiers import new_id
from colonnade_user.api import InvitationAccepted, Role


def accepted(user_id: str, *courses: str) -> InvitationAccepted:
    return InvitationAccepted(
        invitation_id=new_id(),
        user_id=UUID(user_id),
        role=Role.LEARNER,
        courses=[UUID(course) for course in courses],
    )


async def enrolled_in(academy: Academy, user_id: str) -> dict[str, str]:
    listed = (await academy.owner.get(f"/enrollments?user_id={user_id}")).json()["items"]
    return {item["course_id"]: item["status"] for item in listed}


async def test_the_courses_of_an_invitation_are_a_gift(academy: Academy, deliver: Deliver) -> None:
    free, sold = await academy.published_course(), await academy.published_course()
    price = {"price": {"amount": 4900, "currency": "EUR"}}
    assert (await academy.owner.patch(f"/courses/{sold['id']}", price)).status_code == 200

    await deliver(accepted(academy.learner.user_id, free["id"], sold["id"]))

    found = await enrolled_in(academy, academy.learner.user_id)
    assert found == {free["id"]: "active", sold["id"]: "active"}


async def test_an_invitation_that_is_told_twice_enrols_once(
    academy: Academy, deliver: Deliver
) -> None:
    course = await academy.published_course(seats=2)
    for _ in range(2):
        await deliver(accepted(academy.learner.user_id, course["id"]))

    listed = await academy.owner.get(f"/enrollments?course_id={course['id']}")
    assert len(listed.json()["items"]) == 1


async def test_courses_that_cannot_be_enrolled_in_do_not_hold_up_the_others(
    academy: Academy, deliver: Deliver
) -> None:
    full, draft = await academy.published_course(seats=1), await academy.course()
    await academy.enrol(await academy.new_learner(), full)
    open_ = await academy.published_course()

    courses = (str(new_id()), draft["id"], full["id"], open_["id"])
    await deliver(accepted(academy.learner.user_id, *courses))

    assert await enrolled_in(academy, academy.learner.user_id) == {open_["id"]: "active"}
