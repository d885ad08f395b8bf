"""Courses and users that come along with a list of enrolments, as its caller may read them.

Each kind is one question for a whole page, asked as the caller: the policy that decides on reading
a course or an account decides here too, and what it does not show is null.
"""

import asyncio
from collections.abc import Iterable
from uuid import UUID

from colonnade.pagination import MAXIMUM_LIMIT, Page
from colonnade.services import Ask
from colonnade_course.api import EnrolledCourse, EnrolledUser, ListCourses, ListedEnrollment
from colonnade_user.api import ListUsers


async def with_included(
    ask: Ask, page: Page[ListedEnrollment], include: str | None
) -> Page[ListedEnrollment]:
    """The page, with what `include` names by commas."""
    wanted = set(include.split(",")) if include and page.items else set()
    courses, users = await asyncio.gather(
        _courses(ask, page.items if "course" in wanted else ()),
        _users(ask, page.items if "user" in wanted else ()),
    )
    if not courses and not users:
        return page
    items = [
        item.model_copy(
            update={"course": courses.get(item.course_id), "user": users.get(item.user_id)}
        )
        for item in page.items
    ]
    return page.model_copy(update={"items": items})


async def _courses(ask: Ask, items: Iterable[ListedEnrollment]) -> dict[UUID, EnrolledCourse]:
    ids = _listed(item.course_id for item in items)
    if not ids:
        return {}
    found = await ask(ListCourses(ids=ids, limit=MAXIMUM_LIMIT))
    return {
        each.id: EnrolledCourse.model_validate(
            {name: getattr(each, name) for name in EnrolledCourse.model_fields}
        )
        for each in found.items
    }


async def _users(ask: Ask, items: Iterable[ListedEnrollment]) -> dict[UUID, EnrolledUser]:
    ids = _listed(item.user_id for item in items)
    if not ids:
        return {}
    found = await ask(ListUsers(ids=ids, limit=MAXIMUM_LIMIT))
    return {
        each.id: EnrolledUser(id=each.id, name=each.name, email=each.email) for each in found.items
    }


def _listed(ids: Iterable[UUID]) -> str:
    return ",".join(map(str, dict.fromkeys(ids)))
