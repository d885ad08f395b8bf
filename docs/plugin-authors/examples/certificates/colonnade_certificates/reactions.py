"""What the certificates service does when events of other services arrive."""

from sqlalchemy import delete, select

from colonnade.errors import NotFound, NotVisible, Unavailable
from colonnade.events import Work, reacts_to
from colonnade.store import Session
from colonnade_certificates.api import CertificateIssued
from colonnade_certificates.config import CertificatesContext
from colonnade_certificates.models import CertificateRow, PersonRow
from colonnade_course.api import EnrollmentCompleted, GetCourse
from colonnade_user.api import ProfileUpdated, UserDeleted, UserRegistered

SUBSCRIPTIONS = (EnrollmentCompleted, UserRegistered, ProfileUpdated, UserDeleted)
"""Events that this service reacts to."""


class Reactions:
    """Reactions; each takes effect once."""

    def __init__(self, ctx: CertificatesContext) -> None:
        self._ctx = ctx

    @reacts_to(EnrollmentCompleted)
    async def completed(self, event: EnrollmentCompleted) -> Work | None:
        """Issue a certificate. Of a course that is not published any more it waits."""
        try:
            course = await self._ctx.ask(GetCourse(course_id=event.course_id))
        except NotVisible:
            raise Unavailable("The course is not published; its certificates wait.") from None
        except NotFound:
            return None
        return lambda session: self._issue(session, event, course.title)

    @reacts_to(UserRegistered)
    def registered(self, session: Session, event: UserRegistered) -> None:
        """Note a name."""
        session.upsert(PersonRow(user_id=event.user_id, name=event.name))

    @reacts_to(ProfileUpdated)
    def renamed(self, session: Session, event: ProfileUpdated) -> None:
        """Note a name for certificates to come; those that there are keep theirs."""
        session.upsert(PersonRow(user_id=event.user_id, name=event.name))

    @reacts_to(UserDeleted)
    def deleted(self, session: Session, event: UserDeleted) -> None:
        """Erase what is kept of somebody."""
        for table in (CertificateRow, PersonRow):
            session.execute(delete(table).where(table.user_id == event.user_id))

    def _issue(self, session: Session, event: EnrollmentCompleted, title: str) -> None:
        person = session.get(PersonRow, event.user_id)
        if person is None:
            raise Unavailable(
                "The name of who completed the course is not known yet: hand the service its "
                "history with `colonnade outbox republish --since 14d --to "
                "certificates:Reactions.registered`."
            )
        there = select(CertificateRow.id).where(
            CertificateRow.user_id == event.user_id, CertificateRow.course_id == event.course_id
        )
        if session.scalar(there) is not None:
            return
        row = CertificateRow(
            id=self._ctx.new_id(),
            code=f"{self._ctx.new_id().int & (1 << 60) - 1:015x}",
            user_id=event.user_id,
            course_id=event.course_id,
            name=person.name,
            course_title=title,
            issued_at=session.now,
        )
        session.add(row)
        session.publish(
            CertificateIssued(
                certificate_id=row.id,
                user_id=row.user_id,
                course_id=row.course_id,
                code=row.code,
                course_title=title,
            )
        )
