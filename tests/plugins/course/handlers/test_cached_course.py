"""What the cached answer to reading a course depends on."""

from uuid import UUID

from course_bench import Bench
from course_journeys import Academy

from colonnade.row_tracking import RowSet, track_reads
from colonnade_course.api import GetCourse


async def reads_of(bench: Bench, course_id: str, user_id: str) -> RowSet:
    with track_reads() as reads:
        await bench.ask(bench.people[user_id], GetCourse(course_id=UUID(course_id)))
    return reads


async def test_a_published_course_depends_on_its_own_row_alone(
    academy: Academy, bench: Bench
) -> None:
    course = await academy.published_course()
    reads = await reads_of(bench, course["id"], academy.learner.user_id)
    assert (len(reads.rows), reads.tables) == (1, set())


async def test_enrolling_and_learning_leave_a_cached_course_valid(
    academy: Academy, bench: Bench
) -> None:
    course, section, lessons = await academy.course_with_lessons(1, publish=True, seats=5)
    reads = await reads_of(bench, course["id"], academy.learner.user_id)
    bench.changes.rows.clear()
    bench.changes.tables.clear()
    enrollment = await academy.enrol(academy.learner, course)
    done = f"/enrollments/{enrollment['id']}/lessons/{lessons[0]['id']}"
    await academy.learner.put(done, {"status": "completed"})
    await academy.learner.post(f"/enrollments/{enrollment['id']}/end")
    await academy.lesson(section)
    assert bench.changes
    assert not bench.changes.overlaps(reads)


async def test_changing_a_course_drops_its_cached_answer(academy: Academy, bench: Bench) -> None:
    course = await academy.published_course()
    reads = await reads_of(bench, course["id"], academy.learner.user_id)
    bench.changes.rows.clear()
    bench.changes.tables.clear()
    await academy.teacher.patch(f"/courses/{course['id']}", {"title": "Fresh"})
    assert bench.changes.overlaps(reads)


async def test_changing_one_course_leaves_another_cached(academy: Academy, bench: Bench) -> None:
    course = await academy.published_course()
    other = await academy.published_course()
    reads = await reads_of(bench, course["id"], academy.learner.user_id)
    bench.changes.rows.clear()
    bench.changes.tables.clear()
    await academy.teacher.delete(f"/courses/{other['id']}")
    assert bench.changes
    assert not bench.changes.overlaps(reads)
