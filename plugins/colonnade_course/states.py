"""States of courses and enrolments, as the tables store them.

Values are those of the contract's `CourseStatus` and `EnrollmentStatus`. Those stay literals: their
texts are part of its JSON Schema.
"""

from enum import StrEnum


class CourseState(StrEnum):
    """State of a course: a draft is visible to its instructors only."""

    DRAFT = "draft"
    PUBLISHED = "published"


class EnrollmentState(StrEnum):
    """State of an enrolment. A pending one is a reservation that nobody has used yet."""

    PENDING = "pending"
    ACTIVE = "active"
    COMPLETED = "completed"
    ENDED = "ended"


ENROLLED_STATES = (EnrollmentState.ACTIVE, EnrollmentState.COMPLETED)
"""States in which the learner may work through the course."""


class EndReason(StrEnum):
    """Reason for which an enrolment ended."""

    LEFT = "left"
    RELEASED = "released"
    USER_DELETED = "user_deleted"
