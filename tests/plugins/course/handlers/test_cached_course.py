"""What the cached answer to reading a course depends on."""

from uuid import UUID

from course_bench import CourseBench
from course_journeys import Academy

from colonnade_course.api import GetCourse
from colonnade_runtime.calls.row_cache import CachedAnswer


def kept(bench: CourseBench, academy: Academy, course_id: str) -> CachedAnswer | None:
    """The answer that the learner would get without the course service being asked."""
    learner = bench.people[academy.learner.user_id]
    return bench.kept_answer(GetCourse(course_id=UUID(course_id)), as_=learner)


async def read(bench: CourseBench, academy: Academy, course_id: str) -> CachedAnswer:
    learner = bench.people[academy.learner.user_id]
    await bench.ask(GetCourse(course_id=UUID(course_id)), as_=learner)
    answer = kept(bench, academy, course_id)
    assert answer is not None
    return answer


async def test_a_published_course_depends_on_its_own_row_alone(
    academy: Academy, bench: CourseBench
) -> None:
    course = await academy.published_course()
    reads = (await read(bench, academy, course["id"])).reads
    assert (len(reads.rows), reads.tables) == (1, set())


async def test_enrolling_and_learning_leave_a_cached_course_valid(
    academy: Academy, bench: CourseBench
) -> None:
    course, section, lessons = await academy.course_with_lessons(1, publish=True, seats=5)
    answer = await read(bench, academy, course["id"])
    enrollment = await academy.enrol(academy.learner, course)
    done = f"/enrollments/{enrollment['id']}/lessons/{lessons[0]['id']}"
    assert (await academy.learner.put(done, {"status": "completed"})).status_code == 200
    ended = await academy.learner.post(f"/enrollments/{enrollment['id']}/end")
    assert ended.status_code == 200
    await academy.lesson(section)
    assert kept(bench, academy, course["id"]) is answer


async def test_changing_a_course_drops_its_cached_answer(
    academy: Academy, bench: CourseBench
) -> None:
    course = await academy.published_course()
    await read(bench, academy, course["id"])
    await academy.teacher.patch(f"/courses/{course['id']}", {"title": "Fresh"})
    assert kept(bench, academy, course["id"]) is None


async def test_changing_one_course_leaves_another_cached(
    academy: Academy, bench: CourseBench
) -> None:
    course = await academy.published_course()
    other = await academy.published_course()
    answer = await read(bench, academy, course["id"])
    assert (await academy.teacher.delete(f"/courses/{other['id']}")).status_code == 204
    assert kept(bench, academy, course["id"]) is answer
