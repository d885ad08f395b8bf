"""Errors of the course service, with stable codes."""

from colonnade.errors import Conflict, PaymentRequired


class SlugTaken(Conflict):
    """Another course of the academy has this slug; `details.course_id` says which."""

    code = "course.slug_taken"
    title = "The slug is taken"


class DuplicateExternalId(Conflict):
    """Another course, section or lesson has this external id; `details.id` says which."""

    code = "course.duplicate_external_id"
    title = "The external id is taken"


class CourseInUse(Conflict):
    """The course has enrolments that have not ended."""

    code = "course.in_use"
    title = "The course has learners"


class SectionInUse(Conflict):
    """The section has lessons."""

    code = "course.section_in_use"
    title = "The section has lessons"


class TooLarge(Conflict):
    """The course has as many sections, lessons or instructors as it may have."""

    code = "course.too_large"
    title = "The course is as large as it may be"


class NotATeacher(Conflict):
    """User without an account here, or with a role that may not teach."""

    code = "course.not_a_teacher"
    title = "Not somebody who may teach"


class CourseFull(Conflict):
    """Every seat of the course is taken."""

    code = "course.full"
    title = "The course is full"


class AlreadyEnrolled(Conflict):
    """The learner has an enrolment that has not ended; `details.enrollment_id` says which."""

    code = "course.already_enrolled"
    title = "Already enrolled"


class EnrollmentNotActive(Conflict):
    """The enrolment is pending or has ended; `details.status` says which."""

    code = "course.enrollment_not_active"
    title = "The enrolment is not active"


class CoursePaymentRequired(PaymentRequired):
    """The course has a price; `details.price` says which."""

    code = "course.payment_required"
    title = "The course has a price"


class ReservationReleased(Conflict):
    """The reservation of this key was released; a new one needs a new key."""

    code = "course.reservation_released"
    title = "The reservation was released"


class ReservationGone(Conflict):
    """Reservation that can never be activated: it was never made, was released before it was
    made, or its course was deleted."""

    code = "course.reservation_gone"
    title = "The reservation is gone"


class ReservationKeyReused(Conflict):
    """The key names a reservation for another course or another learner."""

    code = "course.reservation_key_reused"
    title = "The reservation key is in use"


class ReservationActive(Conflict):
    """The enrolment was activated, so there is no reservation left to release."""

    code = "course.reservation_active"
    title = "The enrolment is active"
