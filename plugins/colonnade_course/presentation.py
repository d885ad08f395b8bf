"""Presentation: rows of the course service as messages of its contract."""

from colonnade.money import Money
from colonnade.presentation import Presentation, present
from colonnade_course.api import (
    Course,
    Enrollment,
    Instructor,
    Lesson,
    ListedEnrollment,
    OutlineLesson,
    Reservation,
    Section,
)
from colonnade_course.models import CourseRow, EnrollmentRow, InstructorRow, LessonRow, SectionRow
from colonnade_course.states import EnrollmentState


def price_of(course: CourseRow) -> Money | None:
    """Price of a course; None when it is free."""
    if course.price_amount is None or course.price_currency is None:
        return None
    return Money(amount=course.price_amount, currency=course.price_currency)


present_course = Presentation[CourseRow, Course](Course, price=price_of)
present_instructor = Presentation[InstructorRow, Instructor](Instructor)
present_section = Presentation[SectionRow, Section](Section)
present_lesson = Presentation[LessonRow, Lesson](Lesson)


def present_outline_lesson(row: LessonRow, section: SectionRow) -> OutlineLesson:
    """Present a lesson in an outline; it is required when its section is, too."""
    return present(OutlineLesson, row, required=row.required and section.required)


def present_enrollment(row: EnrollmentRow, progress: int) -> Enrollment:
    """Present an enrolment with its progress in per cent."""
    return present(Enrollment, row, progress=progress)


def present_listed(row: EnrollmentRow) -> ListedEnrollment:
    """Present an enrolment in a list, before its progress is looked up."""
    return present(ListedEnrollment, row, progress=0, course=None, user=None)


def present_reservation(key: str, enrollment: EnrollmentRow | None) -> Reservation:
    """Present a reservation; one without an enrolment was released before it was made."""
    if enrollment is None:
        return Reservation(key=key, enrollment_id=None, status=EnrollmentState.ENDED.value)
    return Reservation.model_validate(
        {
            "key": key,
            "enrollment_id": enrollment.id,
            "status": enrollment.status,
            "activated_at": enrollment.activated_at,
        }
    )
