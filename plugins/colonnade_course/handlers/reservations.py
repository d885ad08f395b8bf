"""Operations on reservations, with which a service that sells seats holds, uses and frees them.

Each reservation has a key of the caller's, and each operation may be repeated: after a lost answer
the caller asks again and gets the first answer.
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
from colonnade_course.enrollment.enrolling import new_enrollment, published_course
from colonnade_course.enrollment.seats import check_not_enrolled, end_enrollment, take_seat
from colonnade_course.models import CourseRow, EnrollmentRow, ReservationRow
from colonnade_course.presentation import present_reservation
from colonnade_course.publishing.events import counter_of, publish_enrollment_event
from colonnade_course.resources import ENROLLMENT
from colonnade_course.states import ENROLLED_STATES, EndReason, EnrollmentState


class ReservationHandlers:
    """Handlers of the operations on reservations."""

    def __init__(self, ctx: ServiceContext) -> None:
        self._ctx = ctx

    @handles(ReserveSeat)
    async def reserve_seat(self, request: ReserveSeat, call: Call) -> Reservation:
        """Hold a seat, once per key."""

        def work(session: Session) -> Reservation:
            known = session.get(ReservationRow, request.key)
            if known is not None:
                return _reserved(session, call, request, known)
            course = published_course(session, request.course_id)
            enrollment = new_enrollment(self._ctx.new_id(), course.id, request.user_id)
            call.require(session, ENROLLMENT, enrollment)
            check_not_enrolled(session, course.id, request.user_id)
            take_seat(session, course, enrollment)
            session.add(_reservation(session, request.key, enrollment))
            return present_reservation(request.key, enrollment)

        return await self._ctx.store.run(work)

    @handles(ActivateEnrollment)
    async def activate_enrollment(self, request: ActivateEnrollment, call: Call) -> Reservation:
        """Activate the enrolment of a reservation; repetition changes nothing."""

        def work(session: Session) -> Reservation:
            known = session.get(ReservationRow, request.key)
            enrollment = _enrollment_of(session, known)
            if enrollment is None:
                raise ReservationGone("There is no reservation of this key to activate.")
            call.require(session, ENROLLMENT, enrollment)
            if (
                enrollment.activated_at is None
                and enrollment.ended_because != EndReason.USER_DELETED
            ):
                _activate(session, enrollment)
                call.require(session, ENROLLMENT, enrollment)
            return present_reservation(request.key, enrollment)

        return await self._ctx.store.run(work)

    @handles(ReleaseSeat)
    async def release_seat(self, request: ReleaseSeat, call: Call) -> Reservation:
        """Free a reserved seat. A key not seen yet is used up, so no late call can reserve."""

        def work(session: Session) -> Reservation:
            known = session.get(ReservationRow, request.key)
            enrollment = _enrollment_of(session, known)
            if enrollment is None:
                call.permit_without_object("there is no enrolment yet that a seat was kept for")
                if known is None:
                    session.add(_reservation(session, request.key, None))
                return present_reservation(request.key, None)
            call.require(session, ENROLLMENT, enrollment)
            if enrollment.status in ENROLLED_STATES:
                raise ReservationActive("The enrolment was activated; end it instead.")
            end_enrollment(session, enrollment, EndReason.RELEASED)
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
    if enrollment.status == EnrollmentState.ENDED and enrollment.activated_at is None:
        raise ReservationReleased("This reservation was released; make one with a new key.")
    return present_reservation(request.key, enrollment)


def _activate(session: Session, enrollment: EnrollmentRow) -> None:
    if enrollment.status == EnrollmentState.ENDED:
        # Released, then paid after all: the seat is taken again, beyond the limit if necessary.
        check_not_enrolled(session, enrollment.course_id, enrollment.user_id)
        counter_of(session, session.get_one(CourseRow, enrollment.course_id)).seats_taken += 1
    enrollment.status = EnrollmentState.ACTIVE
    enrollment.activated_at = session.now
    enrollment.ended_at = None
    enrollment.ended_because = None
    flush(session, AlreadyEnrolled("There is an enrolment in this course that has not ended."))
    publish_enrollment_event(session, EnrollmentActivated, enrollment)
