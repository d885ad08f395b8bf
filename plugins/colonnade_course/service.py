"""Assembly of the course service: its handlers and reactions."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from colonnade.services import ServiceContext
from colonnade_course.handlers.courses import CourseHandlers
from colonnade_course.handlers.enrollments import EnrollmentHandlers
from colonnade_course.handlers.instructors import InstructorHandlers
from colonnade_course.handlers.lessons import LessonHandlers
from colonnade_course.handlers.reservations import ReservationHandlers
from colonnade_course.handlers.sections import SectionHandlers
from colonnade_course.publishing.republication import CourseRepublication
from colonnade_course.reactions import InvitationReactions, UserReactions


@asynccontextmanager
async def create_service(ctx: ServiceContext) -> AsyncIterator[Sequence[object]]:
    """Create the handlers and reactions; nothing needs tearing down."""
    yield [
        CourseHandlers(ctx),
        InstructorHandlers(ctx),
        SectionHandlers(ctx),
        LessonHandlers(ctx),
        EnrollmentHandlers(ctx),
        ReservationHandlers(ctx),
        UserReactions(),
        InvitationReactions(ctx),
        CourseRepublication(ctx),
    ]
