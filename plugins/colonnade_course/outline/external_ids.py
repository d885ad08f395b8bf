"""External ids of sections and lessons, unique within their course."""

from uuid import UUID

from sqlalchemy import select

from colonnade.errors import FieldError
from colonnade.store import Session
from colonnade_course.api import DuplicateExternalId
from colonnade_course.models import LessonRow, SectionRow

NOUNS = {SectionRow: "section", LessonRow: "lesson"}


def check_external_id(session: Session, row: SectionRow | LessonRow) -> None:
    """Refuse an external id that another row of the same kind has in the course.

    Raises:
        DuplicateExternalId: naming the other row.
    """
    if row.external_id is None:
        return
    model = type(row)
    twin: UUID | None = session.scalar(
        select(model.id).where(
            model.course_id == row.course_id,
            model.external_id == row.external_id,
            model.id != row.id,
        )
    )
    if twin is not None:
        raise external_id_taken(row, {"id": str(twin)})


def external_id_taken(
    row: SectionRow | LessonRow, details: dict[str, str] | None = None
) -> DuplicateExternalId:
    """Error for an external id that is taken, also by a row that was written meanwhile."""
    return DuplicateExternalId(
        f"The course has a {NOUNS[type(row)]} with the external id '{row.external_id}'.",
        details=details,
        fields=[FieldError("/external_id", "is taken", "taken")],
    )
