"""What policies may say about files, pictures and content items.

Who may read something follows from the lessons that show it. The relations below are joins over
the local projections, so that one enrolment is one row, however many lessons a course has.
"""

from sqlalchemy import String, and_, literal, select

from colonnade.policy import Relation, ResourceType
from colonnade_content.models import (
    Base,
    ContentReferenceRow,
    ContentRow,
    FileRow,
    LearnerRow,
    LessonContentRow,
    MediaRow,
    ShareRow,
    TeacherRow,
)

EVERYBODY = "everybody"
"""The subject of `shown_to` for previews: whoever comes, visitors included."""

_learns = and_(LearnerRow.course_id == LessonContentRow.course_id, LearnerRow.active.is_(True))
_teaches = and_(TeacherRow.course_id == LessonContentRow.course_id, TeacherRow.active.is_(True))
_stands = LessonContentRow.removed.is_(False)
_published = and_(_stands, LessonContentRow.published.is_(True))
_preview = and_(_published, LessonContentRow.preview.is_(True))
_refers = ContentReferenceRow.content_id == LessonContentRow.content_id
_everybody = literal(EVERYBODY, String()).label("audience")

_CONTENT = LessonContentRow.content_id.label("object_id")
_TARGET = ContentReferenceRow.target_id.label("object_id")


class ContentLearners(Base):
    """Who learns in a published course with a lesson that shows which content item."""

    __table__ = (
        select(_CONTENT, LearnerRow.user_id).join(LearnerRow, _learns).where(_published).subquery()
    )
    __mapper_args__ = {"primary_key": [__table__.c.object_id, __table__.c.user_id]}  # noqa: RUF012


class ContentTeachers(Base):
    """Who teaches a course with a lesson that shows which content item."""

    __table__ = (
        select(_CONTENT, TeacherRow.user_id).join(TeacherRow, _teaches).where(_stands).subquery()
    )
    __mapper_args__ = {"primary_key": [__table__.c.object_id, __table__.c.user_id]}  # noqa: RUF012


class ContentPreviews(Base):
    """Which content items are shown to everybody."""

    __table__ = select(_CONTENT, _everybody).where(_preview).subquery()
    __mapper_args__ = {"primary_key": [__table__.c.object_id]}  # noqa: RUF012


class TargetLearners(Base):
    """Who learns where which file or picture is shown or linked to."""

    __table__ = (
        select(_TARGET, LearnerRow.user_id)
        .select_from(LessonContentRow)
        .join(ContentReferenceRow, _refers)
        .join(LearnerRow, _learns)
        .where(_published)
        .subquery()
    )
    __mapper_args__ = {"primary_key": [__table__.c.object_id, __table__.c.user_id]}  # noqa: RUF012


class TargetTeachers(Base):
    """Who teaches where which file or picture is shown or linked to."""

    __table__ = (
        select(_TARGET, TeacherRow.user_id)
        .select_from(LessonContentRow)
        .join(ContentReferenceRow, _refers)
        .join(TeacherRow, _teaches)
        .where(_stands)
        .subquery()
    )
    __mapper_args__ = {"primary_key": [__table__.c.object_id, __table__.c.user_id]}  # noqa: RUF012


class TargetPreviews(Base):
    """Which files and pictures are shown to everybody."""

    __table__ = (
        select(_TARGET, _everybody)
        .select_from(LessonContentRow)
        .join(ContentReferenceRow, _refers)
        .where(_preview)
        .subquery()
    )
    __mapper_args__ = {"primary_key": [__table__.c.object_id]}  # noqa: RUF012


class TargetShares(Base):
    """With whom a content item is shared that shows or links to which file or picture."""

    __table__ = (
        select(_TARGET, ShareRow.user_id)
        .select_from(ShareRow)
        .join(ContentReferenceRow, ContentReferenceRow.content_id == ShareRow.content_id)
        .subquery()
    )
    __mapper_args__ = {"primary_key": [__table__.c.object_id, __table__.c.user_id]}  # noqa: RUF012


_OF_CONTENT = {
    "enrolled": Relation(ContentLearners, "object_id", "user_id"),
    "teaches": Relation(ContentTeachers, "object_id", "user_id"),
    "shared_with": Relation(ShareRow, "content_id", "user_id"),
    "shown_to": Relation(ContentPreviews, "object_id", "audience"),
}
_OF_TARGETS = {
    "enrolled": Relation(TargetLearners, "object_id", "user_id"),
    "teaches": Relation(TargetTeachers, "object_id", "user_id"),
    "shared_with": Relation(TargetShares, "object_id", "user_id"),
    "shown_to": Relation(TargetPreviews, "object_id", "audience"),
}

CONTENT = ResourceType(
    "content",
    fields={"id": ContentRow.id, "kind": ContentRow.kind, "created_by": ContentRow.created_by},
    relations=_OF_CONTENT,
)
FILE = ResourceType(
    "file",
    fields={"id": FileRow.id, "uploaded_by": FileRow.uploaded_by},
    relations=_OF_TARGETS,
)
MEDIA = ResourceType(
    "media",
    fields={"id": MediaRow.id, "state": MediaRow.state, "created_by": MediaRow.created_by},
    relations=_OF_TARGETS,
)
