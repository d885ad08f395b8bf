"""Resource types for policies: files, pictures and content items.

Who may read something follows from the lessons that show it. The relations below are joins over
the local projections, so that one enrolment is one row, however many lessons a course has.
"""

from sqlalchemy import String, and_, literal, select, union_all

from colonnade.policy import Relation, ResourceType
from colonnade_content.models import (
    ContentReferenceRow,
    ContentRow,
    CourseCoverRow,
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
_existing = LessonContentRow.removed.is_(False)
_published = and_(_existing, LessonContentRow.published.is_(True))
_preview = and_(_published, LessonContentRow.preview.is_(True))
_refers = ContentReferenceRow.content_id == LessonContentRow.content_id
_everybody = literal(EVERYBODY, String()).label("audience")

_CONTENT = LessonContentRow.content_id.label("object_id")
_TARGET = ContentReferenceRow.target_id.label("object_id")
_COVER = CourseCoverRow.media_id.label("object_id")
_has_cover = CourseCoverRow.media_id.is_not(None)
_teaches_covered = and_(
    TeacherRow.course_id == CourseCoverRow.course_id, TeacherRow.active.is_(True)
)


_CONTENT_LEARNERS = (
    select(_CONTENT, LearnerRow.user_id).join(LearnerRow, _learns).where(_published).subquery()
)
"""Relation of content items to learners of published courses with a lesson that shows them."""


_CONTENT_TEACHERS = (
    select(_CONTENT, TeacherRow.user_id).join(TeacherRow, _teaches).where(_existing).subquery()
)
"""Relation of content items to teachers of courses with a lesson that shows them."""


_CONTENT_PREVIEWS = select(_CONTENT, _everybody).where(_preview).subquery()
"""Content items that are shown to everybody."""


_TARGET_LEARNERS = (
    select(_TARGET, LearnerRow.user_id)
    .select_from(LessonContentRow)
    .join(ContentReferenceRow, _refers)
    .join(LearnerRow, _learns)
    .where(_published)
    .subquery()
)
"""Relation of files and pictures to learners where they are shown or linked to."""


_TARGET_TEACHERS = union_all(
    select(_TARGET, TeacherRow.user_id)
    .select_from(LessonContentRow)
    .join(ContentReferenceRow, _refers)
    .join(TeacherRow, _teaches)
    .where(_existing),
    select(_COVER, TeacherRow.user_id)
    .select_from(CourseCoverRow)
    .join(TeacherRow, _teaches_covered)
    .where(_has_cover),
).subquery()
"""Relation of files and pictures to teachers where they are shown or linked to, or the cover."""


_TARGET_PREVIEWS = union_all(
    select(_TARGET, _everybody)
    .select_from(LessonContentRow)
    .join(ContentReferenceRow, _refers)
    .where(_preview),
    select(_COVER, _everybody).where(_has_cover, CourseCoverRow.published.is_(True)),
).subquery()
"""Files and pictures that are shown to everybody, covers of published courses among them."""


_TARGET_SHARES = (
    select(_TARGET, ShareRow.user_id)
    .select_from(ShareRow)
    .join(ContentReferenceRow, ContentReferenceRow.content_id == ShareRow.content_id)
    .subquery()
)
"""Relation of files and pictures to people with whom an item is shared that shows them."""


_OF_CONTENT = {
    "enrolled": Relation(_CONTENT_LEARNERS, "object_id", "user_id"),
    "teaches": Relation(_CONTENT_TEACHERS, "object_id", "user_id"),
    "shared_with": Relation(ShareRow, "content_id", "user_id"),
    "shown_to": Relation(_CONTENT_PREVIEWS, "object_id", "audience"),
}
_OF_TARGETS = {
    "enrolled": Relation(_TARGET_LEARNERS, "object_id", "user_id"),
    "teaches": Relation(_TARGET_TEACHERS, "object_id", "user_id"),
    "shared_with": Relation(_TARGET_SHARES, "object_id", "user_id"),
    "shown_to": Relation(_TARGET_PREVIEWS, "object_id", "audience"),
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
