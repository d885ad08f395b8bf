"""Enrolments over HTTP: enrolling, progress, leaving, seats."""

import asyncio
from typing import Any
from uuid import uuid4

import pytest
from course_journeys import Academy, Caller, problem


async def did(caller: Caller, enrollment: Any, lesson: Any, status: str = "completed") -> Any:
    url = f"/enrollments/{enrollment['id']}/lessons/{lesson['id']}"
    answer = await caller.put(url, {"status": status})
    assert answer.status_code == 200, answer.text
    return answer.json()


async def test_enrolling_in_a_free_course_is_active_at_once(academy: Academy) -> None:
    course = await academy.published_course()
    answer = await academy.learner.post("/enrollments", {"course_id": course["id"]})
    assert answer.status_code == 201
    enrollment = answer.json()
    assert answer.headers["location"] == f"/api/v1/enrollments/{enrollment['id']}"
    assert (enrollment["status"], enrollment["progress"]) == ("active", 0)
    assert enrollment["user_id"] == academy.learner.user_id


async def test_a_price_of_0_is_free(academy: Academy) -> None:
    course = await academy.published_course(price={"amount": 0, "currency": "EUR"})
    answer = await academy.learner.post("/enrollments", {"course_id": course["id"]})
    assert answer.status_code == 201


async def test_a_priced_course_asks_for_payment_and_names_the_price(academy: Academy) -> None:
    price = {"amount": 4900, "currency": "EUR"}
    course = await academy.published_course(price=price)
    refused = await academy.learner.post("/enrollments", {"course_id": course["id"]})
    assert refused.status_code == 402
    assert problem(refused)["code"] == "course.payment_required"
    assert problem(refused)["details"]["price"] == price


async def test_a_draft_cannot_be_enrolled_in(academy: Academy) -> None:
    course = await academy.course()
    hidden = await academy.learner.post("/enrollments", {"course_id": course["id"]})
    missing = await academy.learner.post("/enrollments", {"course_id": str(uuid4())})
    assert hidden.status_code == missing.status_code == 404
    assert problem(hidden) == problem(missing)


async def test_a_visitor_signs_in_before_enrolling(academy: Academy) -> None:
    course = await academy.published_course()
    refused = await academy.visitor.post("/enrollments", {"course_id": course["id"]})
    assert refused.status_code == 401


async def test_enrolling_twice_names_the_first_enrolment(academy: Academy) -> None:
    course = await academy.published_course()
    enrollment = await academy.enrol(academy.learner, course)
    refused = await academy.learner.post("/enrollments", {"course_id": course["id"]})
    assert refused.status_code == 409
    assert problem(refused)["code"] == "course.already_enrolled"
    assert problem(refused)["details"]["enrollment_id"] == enrollment["id"]


async def test_after_leaving_one_may_enrol_again(academy: Academy) -> None:
    course = await academy.published_course(seats=1)
    first = await academy.enrol(academy.learner, course)
    ended = await academy.learner.post(f"/enrollments/{first['id']}/end")
    assert ended.status_code == 200
    assert ended.json()["status"] == "ended"
    second = await academy.enrol(academy.learner, course)
    assert second["id"] != first["id"]


async def test_leaving_twice_changes_nothing_the_second_time(academy: Academy) -> None:
    enrollment = await academy.enrol(academy.learner, await academy.published_course())
    url = f"/enrollments/{enrollment['id']}/end"
    first = await academy.learner.post(url)
    assert (await academy.learner.post(url)).json() == first.json()


async def test_learners_see_their_own_enrolments_and_teachers_their_courses(
    academy: Academy,
) -> None:
    course = await academy.published_course()
    mine = await academy.enrol(academy.learner, course)
    theirs = await academy.enrol(await academy.new_learner(), course)

    async def seen_by(caller: Caller) -> set[str]:
        answer = await caller.get(f"/enrollments?course_id={course['id']}")
        return {item["id"] for item in answer.json()["items"]}

    assert await seen_by(academy.learner) == {mine["id"]}
    assert await seen_by(academy.teacher) == {mine["id"], theirs["id"]}
    assert await seen_by(academy.owner) == {mine["id"], theirs["id"]}
    assert await seen_by(academy.other_teacher) == set()
    assert (await academy.visitor.get("/enrollments")).status_code == 401


async def test_anothers_enrolment_is_not_there(academy: Academy) -> None:
    enrollment = await academy.enrol(academy.learner, await academy.published_course())
    other = await academy.new_learner()
    url = f"/enrollments/{enrollment['id']}"
    assert (await other.get(url)).status_code == 404
    assert (await other.post(f"{url}/end")).status_code == 404


async def test_a_teacher_ends_enrolments_and_makes_no_progress_in_them(academy: Academy) -> None:
    course, _, lessons = await academy.course_with_lessons(1, publish=True)
    enrollment = await academy.enrol(academy.learner, course)
    url = f"/enrollments/{enrollment['id']}"
    body = {"status": "completed"}
    cheated = await academy.teacher.put(f"{url}/lessons/{lessons[0]['id']}", body)
    assert cheated.status_code == 403
    assert (await academy.teacher.post(f"{url}/end")).status_code == 200


async def test_progress_counts_completed_lessons_and_resumes_behind_them(
    academy: Academy,
) -> None:
    course, _, lessons = await academy.course_with_lessons(3, publish=True)
    enrollment = await academy.enrol(academy.learner, course)
    assert enrollment["resume_lesson_id"] == lessons[0]["id"]
    after = await did(academy.learner, enrollment, lessons[0])
    assert (after["progress"], after["resume_lesson_id"]) == (33, lessons[1]["id"])
    after = await did(academy.learner, enrollment, lessons[1], "started")
    assert (after["progress"], after["resume_lesson_id"]) == (33, lessons[1]["id"])
    assert after["completed_lesson_ids"] == [lessons[0]["id"]]
    assert after["started_lesson_ids"] == [lessons[1]["id"]]


async def test_with_every_lesson_the_course_is_completed(academy: Academy) -> None:
    course, _, lessons = await academy.course_with_lessons(2, publish=True)
    enrollment = await academy.enrol(academy.learner, course)
    for lesson in lessons:
        after = await did(academy.learner, enrollment, lesson)
    assert (after["status"], after["progress"]) == ("completed", 100)
    assert after["resume_lesson_id"] is None
    assert after["completed_at"] is not None


async def test_a_completed_lesson_stays_completed(academy: Academy) -> None:
    course, _, lessons = await academy.course_with_lessons(2, publish=True)
    enrollment = await academy.enrol(academy.learner, course)
    await did(academy.learner, enrollment, lessons[0])
    after = await did(academy.learner, enrollment, lessons[0], "started")
    assert (after["progress"], after["started_lesson_ids"]) == (50, [])


async def test_saying_the_same_again_changes_nothing(academy: Academy) -> None:
    course, _, lessons = await academy.course_with_lessons(2, publish=True)
    enrollment = await academy.enrol(academy.learner, course)
    first = await did(academy.learner, enrollment, lessons[0])
    assert await did(academy.learner, enrollment, lessons[0]) == first


async def test_a_lesson_completed_by_viewing_is_completed_when_it_is_started(
    academy: Academy,
) -> None:
    course, section, _ = await academy.course_with_lessons(1, publish=True)
    viewed = await academy.lesson(section, title="View", completion="view")
    enrollment = await academy.enrol(academy.learner, course)
    after = await did(academy.learner, enrollment, viewed, "started")
    assert (after["progress"], after["completed_lesson_ids"]) == (50, [viewed["id"]])


async def test_an_appendix_does_not_count(academy: Academy) -> None:
    course, _, lessons = await academy.course_with_lessons(1, publish=True)
    appendix = await academy.section(course, title="Appendix", required=False)
    extra = await academy.lesson(appendix, title="Reference")
    enrollment = await academy.enrol(academy.learner, course)
    assert (await did(academy.learner, enrollment, extra))["progress"] == 0
    assert (await did(academy.learner, enrollment, lessons[0]))["progress"] == 100


async def test_a_lesson_added_later_lowers_progress_and_reopens_nothing(
    academy: Academy,
) -> None:
    course, section, lessons = await academy.course_with_lessons(1, publish=True)
    enrollment = await academy.enrol(academy.learner, course)
    await did(academy.learner, enrollment, lessons[0])
    added = await academy.lesson(section, title="Later")
    after = (await academy.learner.get(f"/enrollments/{enrollment['id']}")).json()
    assert (after["status"], after["progress"]) == ("completed", 50)
    assert after["resume_lesson_id"] == added["id"]


async def test_whoever_did_everything_but_a_deleted_lesson_has_completed_the_course(
    academy: Academy,
) -> None:
    course, _, lessons = await academy.course_with_lessons(2, publish=True)
    enrollment = await academy.enrol(academy.learner, course)
    await did(academy.learner, enrollment, lessons[0])
    await academy.teacher.delete(f"/lessons/{lessons[1]['id']}")
    after = (await academy.learner.get(f"/enrollments/{enrollment['id']}")).json()
    assert (after["status"], after["progress"]) == ("completed", 100)


async def test_a_lesson_of_another_course_is_not_there(academy: Academy) -> None:
    course = await academy.published_course()
    _, _, foreign = await academy.course_with_lessons(1, publish=True, slug="other")
    enrollment = await academy.enrol(academy.learner, course)
    url = f"/enrollments/{enrollment['id']}/lessons/{foreign[0]['id']}"
    assert (await academy.learner.put(url, {"status": "completed"})).status_code == 404


async def test_there_is_no_progress_in_an_ended_enrolment(academy: Academy) -> None:
    course, _, lessons = await academy.course_with_lessons(1, publish=True)
    enrollment = await academy.enrol(academy.learner, course)
    await academy.learner.post(f"/enrollments/{enrollment['id']}/end")
    url = f"/enrollments/{enrollment['id']}/lessons/{lessons[0]['id']}"
    refused = await academy.learner.put(url, {"status": "completed"})
    assert refused.status_code == 409
    assert problem(refused)["code"] == "course.enrollment_not_active"


async def test_the_list_shows_the_progress_of_each(academy: Academy) -> None:
    course, _, lessons = await academy.course_with_lessons(2, publish=True)
    enrollment = await academy.enrol(academy.learner, course)
    await academy.enrol(await academy.new_learner(), course)
    await did(academy.learner, enrollment, lessons[0])
    listed = (await academy.teacher.get(f"/enrollments?course_id={course['id']}")).json()["items"]
    assert {item["id"] == enrollment["id"]: item["progress"] for item in listed} == {
        True: 50,
        False: 0,
    }


@pytest.mark.parametrize("seats", [1, 10])
async def test_of_twenty_who_ask_at_once_as_many_get_in_as_there_are_seats(
    academy: Academy, seats: int
) -> None:
    course = await academy.published_course(seats=seats)
    learners = [await academy.new_learner() for _ in range(20)]
    answers = await asyncio.gather(
        *(learner.post("/enrollments", {"course_id": course["id"]}) for learner in learners)
    )
    codes = [answer.status_code for answer in answers]
    assert (codes.count(201), codes.count(409)) == (seats, 20 - seats)
    refused = next(answer for answer in answers if answer.status_code == 409)
    assert problem(refused)["code"] == "course.full"
    query = f"/enrollments?course_id={course['id']}&status=active&limit=100"
    assert len((await academy.teacher.get(query)).json()["items"]) == seats


async def test_one_who_asks_twenty_times_at_once_is_enrolled_once(academy: Academy) -> None:
    course = await academy.published_course(seats=10)
    answers = await asyncio.gather(
        *(academy.learner.post("/enrollments", {"course_id": course["id"]}) for _ in range(20))
    )
    codes = [answer.status_code for answer in answers]
    assert (codes.count(201), codes.count(409)) == (1, 19)


async def test_who_leaves_frees_the_seat(academy: Academy) -> None:
    course = await academy.published_course(seats=1)
    enrollment = await academy.enrol(academy.learner, course)
    other = await academy.new_learner()
    full = await other.post("/enrollments", {"course_id": course["id"]})
    assert full.status_code == 409
    await academy.learner.post(f"/enrollments/{enrollment['id']}/end")
    assert (await other.post("/enrollments", {"course_id": course["id"]})).status_code == 201


async def test_enrolling_leaves_the_course_as_it_is(academy: Academy) -> None:
    course = await academy.published_course(seats=5)
    await academy.enrol(academy.learner, course)
    assert (await academy.visitor.get(f"/courses/{course['id']}")).json() == course
