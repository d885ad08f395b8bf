"""Resource types of the course service: fields and relations that policies decide on."""

from colonnade.policy import Relation, ResourceType
from colonnade_course.models import (
    CourseRow,
    EnrollmentRow,
    InstructorRow,
    LessonRow,
    SectionRow,
)
from colonnade_course.states import ENROLLED_STATES

TEACHES = Relation(
    InstructorRow, object_column="course_id", subject_column="user_id", where=lambda row: row.active
)
"""Instructor: a user (by id) teaches a course (by id)."""

ENROLLED = Relation(
    EnrollmentRow,
    object_column="course_id",
    subject_column="user_id",
    where=lambda row: row.status.in_(ENROLLED_STATES),
)
"""Learner: a user is enrolled in a course."""

COURSE_STATUS = Relation(CourseRow, object_column="id", subject_column="status")
"""Status of a course; the subject is that status, such as `published`."""

_RELATIONS = {"teaches": TEACHES, "enrolled": ENROLLED, "course_status": COURSE_STATUS}

COURSE = ResourceType(
    "course",
    fields={"id": CourseRow.id, "status": CourseRow.status, "created_by": CourseRow.created_by},
    relations={"teaches": TEACHES, "enrolled": ENROLLED},
)

SECTION = ResourceType(
    "section",
    fields={"id": SectionRow.id, "course_id": SectionRow.course_id},
    relations=_RELATIONS,
)

LESSON = ResourceType(
    "lesson",
    fields={
        "id": LessonRow.id,
        "course_id": LessonRow.course_id,
        "section_id": LessonRow.section_id,
        "preview": LessonRow.preview,
    },
    relations=_RELATIONS,
)

ENROLLMENT = ResourceType(
    "enrollment",
    fields={
        "id": EnrollmentRow.id,
        "course_id": EnrollmentRow.course_id,
        "user_id": EnrollmentRow.user_id,
        "status": EnrollmentRow.status,
    },
    relations={"teaches": TEACHES, "course_status": COURSE_STATUS},
)
