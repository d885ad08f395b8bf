"""Lists of enrolments bring their courses and users along, as their reader may see them."""

from typing import Any

import pytest
from course_bench import CourseBench
from course_journeys import Academy

from colonnade_runtime.calls.dispatcher import Dispatcher


async def test_my_courses_are_one_request(academy: Academy) -> None:
    course = await academy.published_course(title="Python", slug="python")
    await academy.enrol(academy.learner, course)

    [item] = (await academy.learner.get("/enrollments?include=course")).json()["items"]

    assert item["course"] == {
        "id": course["id"],
        "title": "Python",
        "slug": "python",
        "status": "published",
        "language": "en",
        "level": None,
        "cover_media_id": None,
    }
    assert item["user"] is None


async def test_a_teacher_reads_who_learns(academy: Academy, bench: CourseBench) -> None:
    course = await academy.published_course()
    learners = [await academy.new_learner() for _ in range(3)]
    for learner in learners:
        await academy.enrol(learner, course)

    path = f"/enrollments?course_id={course['id']}&include=user&sort=created_at"
    items = (await academy.teacher.get(path)).json()["items"]

    assert [item["user"]["id"] for item in items] == [learner.user_id for learner in learners]
    assert all(item["course"] is None for item in items)
    [context] = bench.listed_users.contexts
    assert context.principal.id == academy.teacher.user_id


async def test_nothing_comes_along_unasked(academy: Academy, bench: CourseBench) -> None:
    await academy.enrol(academy.learner, await academy.published_course())

    [item] = (await academy.learner.get("/enrollments")).json()["items"]

    assert (item["course"], item["user"]) == (None, None)
    assert bench.listed_users.requests == []


async def test_a_course_that_its_learner_may_not_read_any_more_is_null(academy: Academy) -> None:
    course = await academy.published_course()
    await academy.enrol(academy.learner, course)
    await academy.teacher.post(f"/courses/{course['id']}/unpublish")

    [item] = (await academy.learner.get("/enrollments?include=course")).json()["items"]
    assert (item["course_id"], item["course"]) == (course["id"], None)
    [item] = (await academy.teacher.get("/enrollments?include=course")).json()["items"]
    assert item["course"]["status"] == "draft"


async def test_a_page_costs_one_question_of_each_kind(
    academy: Academy, bench: CourseBench, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(12):
        await academy.enrol(await academy.new_learner(), await academy.published_course())
    asked, do = [], Dispatcher.do

    async def counted(dispatcher: Dispatcher, request: Any, **options: Any) -> Any:
        asked.append(type(request).__name__)
        return await do(dispatcher, request, **options)

    monkeypatch.setattr(Dispatcher, "do", counted)
    answer = await academy.teacher.get("/enrollments?include=course,user&limit=100")

    items = answer.json()["items"]
    assert len(items) == 12
    assert all(item["course"] and item["user"] for item in items)
    assert asked == ["ListEnrollments", "ListCourses"]
    assert len(bench.listed_users.requests) == 1


@pytest.mark.parametrize("include", ["lesson", "course,course", "course,", ""])
async def test_what_cannot_come_along_is_refused(academy: Academy, include: str) -> None:
    answer = await academy.learner.get(f"/enrollments?include={include}")
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["pointer"] == "?include"
