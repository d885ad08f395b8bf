"""People learn in two academies that cannot see each other, over HTTP, on the demo declaration."""

import asyncio

import httpx
import pytest

from colonnade_runtime.testing.platform import RunningPlatform
from tests.journeys.support.academy import created, learn, learner, owner, published_course, until


@pytest.mark.journey
async def test_a_learner_works_through_a_course_and_resumes_where_they_stopped(
    platform: RunningPlatform,
) -> None:
    course, lessons = await published_course(await owner(platform.url, "acme"), lessons=4)
    ada = await learner(platform.url, "acme", "ada")
    enrollment = (await created(ada, "/enrollments", {"course_id": course}))["id"]
    for number, lesson in enumerate(lessons):
        before = (await ada.get(f"/enrollments/{enrollment}")).json()
        assert before["progress"] == 25 * number
        assert before["resume_lesson_id"] == lesson
        await learn(ada, enrollment, lesson)
    after = (await ada.get(f"/enrollments/{enrollment}")).json()
    assert (after["progress"], after["status"]) == (100, "completed")


@pytest.mark.journey
async def test_the_last_of_ten_seats_goes_to_exactly_one_of_twenty(
    platform: RunningPlatform,
) -> None:
    course, _ = await published_course(await owner(platform.url, "acme"), seats=10)
    learners = [await learner(platform.url, "acme", f"learner{number}") for number in range(20)]
    answers = await asyncio.gather(
        *(one.post("/enrollments", json={"course_id": course}) for one in learners)
    )
    codes = sorted(answer.status_code for answer in answers)
    assert codes == [201] * 10 + [409] * 10


@pytest.mark.journey
async def test_the_other_academy_sees_none_of_it(platform: RunningPlatform) -> None:
    acme = await owner(platform.url, "acme")
    course, _ = await published_course(acme)
    globex = await owner(platform.url, "globex")
    assert (await globex.get("/courses")).json()["items"] == []
    assert (await globex.get(f"/courses/{course}")).status_code == 404
    foreign = platform.client("globex", acme.headers["Authorization"].removeprefix("Bearer "))
    assert (await foreign.get("/courses")).status_code == 401


@pytest.mark.journey
async def test_the_host_name_decides_the_academy(platform: RunningPlatform) -> None:
    async with httpx.AsyncClient(base_url=f"{platform.url}/api/v1") as client:
        named = await client.get("/courses", headers={"Host": "acme.localhost"})
        contradicted = await client.get(
            "/courses", headers={"Host": "acme.localhost", "X-Tenant": "globex"}
        )
        unknown = await client.get("/courses", headers={"Host": "nobody.localhost"})
        nameless = await client.get("/courses")
    codes = [answer.status_code for answer in (named, contradicted, unknown, nameless)]
    assert codes == [200, 400, 404, 400]
    assert contradicted.headers["content-type"] == "application/problem+json"


@pytest.mark.journey
async def test_an_account_that_is_deleted_leaves_its_courses(platform: RunningPlatform) -> None:
    """The user service publishes it, the course service reacts: over outbox, bus and inbox."""
    staff = await owner(platform.url, "acme")
    course, _ = await published_course(staff)
    ada = await learner(platform.url, "acme", "ada")
    enrollment = (await created(ada, "/enrollments", {"course_id": course}))["id"]
    me = (await ada.get("/users/me")).json()["id"]
    assert (await staff.delete(f"/users/{me}")).status_code == 204
    await until(staff, f"/enrollments/{enrollment}", lambda found: found["status"] == "ended")
