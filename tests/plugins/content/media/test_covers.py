"""Covers of courses are seen by whoever sees the course."""

from io import BytesIO
from typing import Any
from uuid import uuid4

from content_academy import Academy
from PIL import Image

from colonnade_course.api import (
    CourseCreated,
    CourseDeleted,
    CourseEvent,
    CoursePublished,
    CourseUnpublished,
    CourseUpdated,
    InstructorAdded,
)

COURSE = uuid4()


def fact(kind: type[CourseEvent], sequence: int, media_id: Any, status: str) -> CourseEvent:
    return kind.model_validate(
        {
            "course_id": COURSE,
            "slug": "python",
            "title": "Python",
            "status": status,
            "cover_media_id": media_id,
            "sequence": sequence,
        }
    )


async def picture(academy: Academy) -> Any:
    data = BytesIO()
    Image.new("RGB", (8, 8), "navy").save(data, "PNG")
    file = (await academy.teacher.upload(data.getvalue(), "cover.png", "image/png")).json()
    made = await academy.teacher.send("POST", "/media", json={"file_id": file["id"]})
    assert made.status_code == 201, made.text
    return made.json()["id"]


async def statuses(academy: Academy, media_id: Any) -> list[int]:
    """What a visitor, a learner and another teacher get."""
    people = (academy.visitor, academy.learner, academy.colleague)
    return [(await person.send("GET", f"/media/{media_id}")).status_code for person in people]


async def test_everybody_sees_the_cover_of_a_published_course(academy: Academy) -> None:
    cover = await picture(academy)
    assert await statuses(academy, cover) == [404] * 3

    await academy.bench.deliver(fact(CourseCreated, 1, cover, "draft"))
    assert await statuses(academy, cover) == [404] * 3

    await academy.bench.deliver(fact(CoursePublished, 2, cover, "published"))
    assert await statuses(academy, cover) == [200] * 3

    await academy.bench.deliver(fact(CourseUnpublished, 3, cover, "draft"))
    assert await statuses(academy, cover) == [404] * 3


async def test_whoever_teaches_the_course_sees_the_cover_of_a_draft(academy: Academy) -> None:
    cover = await picture(academy)
    await academy.bench.deliver(fact(CourseCreated, 1, cover, "draft"))
    teaches = InstructorAdded(course_id=COURSE, user_id=academy.colleague.id, sequence=1)
    await academy.bench.deliver(teaches)
    assert await statuses(academy, cover) == [404, 404, 200]


async def test_a_cover_that_was_changed_or_whose_course_is_gone_is_shown_no_more(
    academy: Academy,
) -> None:
    first, second = await picture(academy), await picture(academy)
    await academy.bench.deliver(fact(CoursePublished, 1, first, "published"))
    await academy.bench.deliver(fact(CourseUpdated, 2, second, "published"))
    assert await statuses(academy, first) == [404] * 3
    assert await statuses(academy, second) == [200] * 3

    await academy.bench.deliver(fact(CourseDeleted, 3, second, "published"))
    assert await statuses(academy, second) == [404] * 3


async def test_an_older_event_that_comes_late_shows_nothing(academy: Academy) -> None:
    cover = await picture(academy)
    await academy.bench.deliver(fact(CourseUpdated, 2, None, "published"))
    await academy.bench.deliver(fact(CoursePublished, 1, cover, "published"))
    assert await statuses(academy, cover) == [404] * 3
