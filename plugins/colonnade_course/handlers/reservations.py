"""Reservations: how a service that sells seats holds, uses and frees them.

Each is named by a key of the caller's, and each step may be asked for again: after a lost answer
the caller repeats the step and gets the first answer.
"""

from colonnade.lookups import flush
from colonnade.operations import Call, handles
from colonnade.services import ServiceContext
from colonnade.store import Session
from colonnade_course.api import (
    ActivateEnrollment,
    AlreadyEnrolled,
    EnrollmentActivated,
    ReleaseSeat,
    Reservation,
    ReservationActive,
    ReservationGone,
    ReservationKeyReused,
    ReservationReleased,
    ReserveSeat,
)
from colonnade_course.enrollment.seats import check_not_enrolled, end, seat
from colonnade_course.handlers.enrollments import new_enrollment, published_course
from colonnade_course.models import CourseRow, EnrollmentRow, ReservationRow
from colonnade_course.presentation import present_reservation
from colonnade_course.publishing.events import counter_of, publish_enrollment
from colonnade_course.resources import ENROLLMENT


class Reservations:
    """Handles what services ask about seats."""

    def __init__(self, ctx: ServiceContext) -> None:
        self._ctx = ctx

    @handles(ReserveSeat)
    async def reserve(self, request: ReserveSeat, call: Call) -> Reservation:
        """Hold a seat, once per key."""

        def work(session: Session) -> Reservation:
            known = session.get(ReservationRow, request.key)
            if known is not None:
                return _reserved(session, call, request, known)
            course = published_course(session, call, request.course_id)
            enrollment = new_enrollment(self._ctx.new_id(), course.id, request.user_id)
            call.require(session, ENROLLMENT, enrollment)
            check_not_enrolled(session, course.id, request.user_id)
            seat(session, course, enrollment)
            session.add(_reservation(session, request.key, enrollment))
            return present_reservation(request.key, enrollment)

        return await self._ctx.store.run(work)

    @handles(ActivateEnrollment)
    async def activate(self, request: ActivateEnrollment, call: Call) -> Reservation:
        """Use a reservation; repeat it freely."""

        def work(session: Session) -> Reservation:
            known = session.get(ReservationRow, request.key)
            enrollment = _enrollment_of(session, known)
            if enrollment is None:
                raise ReservationGone("There is no reservation of this key to activate.")
            call.require(session, ENROLLMENT, enrollment)
            if enrollment.activated_at is None and enrollment.ended_because != "user_deleted":
                _activate(session, enrollment)
                call.require(session, ENROLLMENT, enrollment)
            return present_reservation(request.key, enrollment)

        return await self._ctx.store.run(work)

    @handles(ReleaseSeat)
    async def release(self, request: ReleaseSeat, call: Call) -> Reservation:
        """Free a reserved seat; a key not seen yet is spent, so that a late call cannot use it."""

        def work(session: Session) -> Reservation:
            known = session.get(ReservationRow, request.key)
            enrollment = _enrollment_of(session, known)
            if enrollment is None:
                call.permit_without_object("there is no enrolment yet that a seat was kept for")
                if known is None:
                    session.add(_reservation(session, request.key, None))
                return present_reservation(request.key, None)
            call.require(session, ENROLLMENT, enrollment)
            if enrollment.status in ("active", "completed"):
                raise ReservationActive("The enrolment was activated; end it instead.")
            end(session, enrollment, "released")
            session.flush()
            call.require(session, ENROLLMENT, enrollment)
            return present_reservation(request.key, enrollment)

        return await self._ctx.store.run(work)


def _reservation(session: Session, key: str, enrollment: EnrollmentRow | None) -> ReservationRow:
    return ReservationRow(
        key=key, enrollment_id=enrollment.id if enrollment else None, created_at=session.now
    )


def _enrollment_of(session: Session, known: ReservationRow | None) -> EnrollmentRow | None:
    if known is None or known.enrollment_id is None:
        return None
    return session.get(EnrollmentRow, known.enrollment_id)


def _reserved(
    session: Session, call: Call, request: ReserveSeat, known: ReservationRow
) -> Reservation:
    enrollment = _enrollment_of(session, known)
    if enrollment is None:
        raise ReservationReleased("This reservation was released before it was made.")
    call.require(session, ENROLLMENT, enrollment)
    if (enrollment.course_id, enrollment.user_id) != (request.course_id, request.user_id):
        raise ReservationKeyReused("The key names a reservation of another seat.")
    if enrollment.status == "ended" and enrollment.activated_at is None:
        raise ReservationReleased("This reservation was released; make one with a new key.")
    return present_reservation(request.key, enrollment)


def _activate(session: Session, enrollment: EnrollmentRow) -> None:
    if enrollment.status == "ended":
        # Released, then paid after all: the seat comes back, beyond the limit if need be.
        check_not_enrolled(session, enrollment.course_id, enrollment.user_id)
        counter_of(session, session.get_one(CourseRow, enrollment.course_id)).seats_taken += 1
    enrollment.status = "active"
    enrollment.activated_at = session.now
    enrollment.ended_at = None
    enrollment.ended_because = None
    flush(session, AlreadyEnrolled("There is an enrolment in this course that has not ended."))
    publish_enrollment(session, EnrollmentActivated, enrollment)
