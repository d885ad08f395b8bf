"""What the service publishes lets others build the same picture, in whatever order it arrives."""

import random
from typing import Any
from uuid import UUID

import pytest
from course_journeys import Academy, Published

from colonnade.events import Event
from colonnade_course.api import (
    CourseEvent,
    CoursePublished,
    CourseUnpublished,
    EnrollmentActivated,
    EnrollmentCompleted,
    EnrollmentEnded,
    EnrollmentEvent,
    InstructorAdded,
    InstructorEvent,
    InstructorRemoved,
    LessonCompleted,
    LessonContentChanged,
)

CONTENT = UUID(int=1)


def projected(events: list[Event]) -> dict[Any, Event]:
    """What a projection keeps: of each thing, the state with the highest sequence."""
    kept: dict[Any, Any] = {}
    for event in events:
        key = _key(event)
        if key is None:
            continue
        if key not in kept or event.sequence > kept[key].sequence:  # type: ignore[attr-defined]
            kept[key] = event
    return kept


def _key(event: Event) -> Any:
    match event:
        case LessonContentChanged():
            return "lesson", event.lesson_id
        case CourseEvent():
            return "course", event.course_id
        case EnrollmentEvent():
            return "enrollment", event.enrollment_id
        case InstructorEvent():
            return "instructor", event.course_id, event.user_id
    return None


async def much_happens(academy: Academy) -> None:
    course, _, lessons = await academy.course_with_lessons(3)
    url = f"/courses/{course['id']}"
    for lesson in lessons:
        await academy.teacher.patch(f"/lessons/{lesson['id']}", {"content_id": str(CONTENT)})
    await academy.teacher.post(f"{url}/publish")
    await academy.teacher.patch(f"/lessons/{lessons[0]['id']}", {"preview": True})
    await academy.teacher.delete(f"/lessons/{lessons[1]['id']}")
    await academy.teacher.post(f"{url}/unpublish")
    await academy.teacher.post(f"{url}/publish")
    user = {"user_id": academy.other_teacher.user_id}
    for _ in range(2):
        await academy.teacher.post(f"{url}/instructors", user)
        await academy.teacher.delete(f"{url}/instructors/{user['user_id']}")
    enrollment = await academy.enrol(academy.learner, course)
    done = f"/enrollments/{enrollment['id']}"
    for lesson in (lessons[0], lessons[2]):
        await academy.learner.put(f"{done}/lessons/{lesson['id']}", {"status": "completed"})
    await academy.learner.post(f"{done}/end")
    await academy.enrol(academy.learner, course)


@pytest.mark.parametrize("seed", range(5))
async def test_a_projection_converges_whatever_the_order_of_events(
    academy: Academy, published: Published, seed: int
) -> None:
    await much_happens(academy)
    events = await published()
    truth = {_key(event): event for event in events if _key(event) is not None}
    random.Random(seed).shuffle(events)
    assert projected(events) == truth


async def test_the_last_word_on_each_lesson_says_who_may_read_its_content(
    academy: Academy, published: Published
) -> None:
    course, section, _ = await academy.course_with_lessons(0)
    lesson = await academy.lesson(section, content_id=str(CONTENT))
    await academy.teacher.post(f"/courses/{course['id']}/publish")
    facts = [event for event in await published() if isinstance(event, LessonContentChanged)]
    assert [(fact.content_id, fact.published) for fact in facts] == [
        (CONTENT, False),
        (CONTENT, True),
    ]
    await academy.teacher.delete(f"/lessons/{lesson['id']}")
    last = [event for event in await published() if isinstance(event, LessonContentChanged)][-1]
    assert (last.content_id, last.published) == (None, False)


async def test_deleting_a_course_takes_its_contents_back(
    academy: Academy, published: Published
) -> None:
    course, section, _ = await academy.course_with_lessons(0, publish=True)
    await academy.lesson(section, content_id=str(CONTENT))
    await academy.teacher.delete(f"/courses/{course['id']}")
    last = [event for event in await published() if isinstance(event, LessonContentChanged)][-1]
    assert (last.content_id, last.published) == (None, False)


async def test_what_changes_nothing_publishes_nothing(
    academy: Academy, published: Published
) -> None:
    course = await academy.published_course()
    before = await published()
    url = f"/courses/{course['id']}"
    await academy.teacher.patch(url, {"title": course["title"]})
    await academy.teacher.post(f"{url}/publish")
    await academy.teacher.post(f"{url}/instructors", {"user_id": academy.teacher.user_id})
    assert await published() == before


async def test_publishing_and_unpublishing_are_told(academy: Academy, published: Published) -> None:
    course = await academy.published_course()
    await academy.teacher.post(f"/courses/{course['id']}/unpublish")
    told = [type(event) for event in await published()]
    assert told[-2:] == [CoursePublished, CourseUnpublished]


async def test_who_teaches_is_told(academy: Academy, published: Published) -> None:
    course = await academy.course()
    user_id = academy.other_teacher.user_id
    await academy.teacher.post(f"/courses/{course['id']}/instructors", {"user_id": user_id})
    await academy.teacher.delete(f"/courses/{course['id']}/instructors/{user_id}")
    told = [event for event in await published() if isinstance(event, InstructorEvent)]
    assert [(type(event), str(event.user_id)) for event in told] == [
        (InstructorAdded, academy.teacher.user_id),
        (InstructorAdded, user_id),
        (InstructorRemoved, user_id),
    ]


async def test_completing_is_told_once_per_lesson_and_once_for_the_course(
    academy: Academy, published: Published
) -> None:
    course, _, lessons = await academy.course_with_lessons(2, publish=True)
    enrollment = await academy.enrol(academy.learner, course)
    for lesson in [*lessons, *lessons]:
        url = f"/enrollments/{enrollment['id']}/lessons/{lesson['id']}"
        await academy.learner.put(url, {"status": "completed"})
    await academy.learner.post(f"/enrollments/{enrollment['id']}/end")
    told = [
        event for event in await published() if isinstance(event, EnrollmentEvent | LessonCompleted)
    ]
    assert [type(event) for event in told] == [
        EnrollmentActivated,
        LessonCompleted,
        LessonCompleted,
        EnrollmentCompleted,
        EnrollmentEnded,
    ]
    assert [event.progress for event in told if isinstance(event, LessonCompleted)] == [50, 100]
