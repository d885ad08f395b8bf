"""Courses that are older than those who follow courses are told of once more."""

from uuid import UUID

from course_bench import CourseBench
from course_journeys import Academy, Published
from sqlalchemy import select

from colonnade.store import Session
from colonnade_course.api import CourseUpdated, InstructorAdded
from colonnade_course.models import CourseRow, CourseToTellRow


async def test_every_older_course_is_told_of_once_with_its_teachers(
    academy: Academy, bench: CourseBench, published: Published
) -> None:
    made = [await academy.course() for _ in range(2)]
    before = len(await published())
    await bench.run(_all_wait)

    for _ in range(2):
        await bench.run_schedule("retell")

    told = (await published())[before:]
    courses = {event.course_id for event in told if isinstance(event, CourseUpdated)}
    assert courses == {UUID(course["id"]) for course in made}
    assert len([event for event in told if isinstance(event, CourseUpdated)]) == 2
    assert {event.course_id for event in told if isinstance(event, InstructorAdded)} == courses
    assert await bench.run(lambda session: session.scalars(select(CourseToTellRow)).all()) == []


def _all_wait(session: Session) -> None:
    for course_id in session.scalars(select(CourseRow.id)).all():
        session.add(CourseToTellRow(course_id=course_id))
