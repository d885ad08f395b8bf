"""The course service: what its handlers and reactions are made of."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from colonnade.services import ServiceContext
from colonnade_course.handlers.courses import Courses
from colonnade_course.handlers.enrollments import Enrollments
from colonnade_course.handlers.instructors import Instructors
from colonnade_course.handlers.lessons import Lessons
from colonnade_course.handlers.reservations import Reservations
from colonnade_course.handlers.sections import Sections
from colonnade_course.publishing.republishing import Retelling
from colonnade_course.reactions import Departures, Invitations


@asynccontextmanager
async def course_service(ctx: ServiceContext) -> AsyncIterator[Sequence[object]]:
    """The objects that handle operations and events; nothing needs tearing down."""
    yield [
        Courses(ctx),
        Instructors(ctx),
        Sections(ctx),
        Lessons(ctx),
        Enrollments(ctx),
        Reservations(ctx),
        Departures(),
        Invitations(ctx),
        Retelling(ctx),
    ]
