"""The tables of the content service, one set per tenant."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, Index, Integer, String

from colonnade.rows import Column, Identified, Row, Timestamped, Versioned, column, tenant_metadata


class Base(Row):
    """The tables of this service."""

    metadata = tenant_metadata()


class FileRow(Identified, Versioned, Timestamped, Base):
    """A file; its bytes are the blob `files/<id>`. `size` is in bytes."""

    __tablename__ = "files"
    __table_args__ = (
        Index("ix_files_newest", "created_at", "id"),
        Index("ix_files_external_id", "external_id", unique=True),
    )

    name: Column[str] = column(String(200))
    media_type: Column[str] = column(String(200))
    size: Column[int]
    sha256: Column[str] = column(String(64))
    uploaded_by: Column[str] = column(String(200))
    external_id: Column[str | None] = column(String(200), default=None)


class MediaRow(Identified, Versioned, Timestamped, Base):
    """A picture made of a file."""

    __tablename__ = "media"
    __table_args__ = (Index("ix_media_newest", "created_at", "id"),)

    file_id: Column[UUID] = column(ForeignKey(FileRow.id), index=True)
    created_by: Column[str] = column(String(200), server_default="")
    state: Column[str] = column(String(20))
    failure: Column[str | None] = column(default=None)


class MediaVariantRow(Base):
    """One size of a picture; its bytes are the blob `media/<media id>/<name>`."""

    __tablename__ = "media_variants"

    media_id: Column[UUID] = column(ForeignKey(MediaRow.id), primary_key=True)
    name: Column[str] = column(String(20), primary_key=True)
    media_type: Column[str] = column(String(200))
    width: Column[int | None] = column(Integer, default=None)
    height: Column[int | None] = column(Integer, default=None)
    size: Column[int]
    sha256: Column[str] = column(String(64))
    created_at: Column[datetime]


class ContentRow(Identified, Versioned, Timestamped, Base):
    """A content item; `kind` says which of body, url, file and media it has."""

    __tablename__ = "contents"
    __table_args__ = (Index("ix_contents_newest", "created_at", "id"),)

    kind: Column[str] = column(String(20))
    title: Column[str] = column(String(200))
    body: Column[str | None] = column(default=None)
    url: Column[str | None] = column(default=None)
    file_id: Column[UUID | None] = column(ForeignKey(FileRow.id), default=None)
    media_id: Column[UUID | None] = column(ForeignKey(MediaRow.id), default=None)
    external_id: Column[str | None] = column(String(200), unique=True, default=None)
    created_by: Column[str] = column(String(200), server_default="")
    revision: Column[int] = column(Integer)


class ShareRow(Base):
    """An instructor with whom a content item is shared, who works with it as its maker does."""

    __tablename__ = "content_shares"

    content_id: Column[UUID] = column(ForeignKey(ContentRow.id), primary_key=True)
    user_id: Column[UUID] = column(primary_key=True, index=True)
    shared_by: Column[str] = column(String(200))
    created_at: Column[datetime]


class RenderingRow(Base):
    """The HTML of a content item's `body`, as the renderer of that number makes it."""

    __tablename__ = "content_renderings"

    content_id: Column[UUID] = column(ForeignKey(ContentRow.id), primary_key=True)
    html: Column[str]
    renderer: Column[int] = column(Integer)


class ContentRevisionRow(Base):
    """Revision of a content item, from one change to the next."""

    __tablename__ = "content_revisions"

    content_id: Column[UUID] = column(ForeignKey(ContentRow.id), primary_key=True)
    revision: Column[int] = column(Integer, primary_key=True)
    title: Column[str] = column(String(200))
    body: Column[str | None] = column(default=None)
    url: Column[str | None] = column(default=None)
    # No references: what an old revision showed may be gone.
    file_id: Column[UUID | None] = column(default=None)
    media_id: Column[UUID | None] = column(default=None)
    changed_by: Column[str] = column(String(200))
    created_at: Column[datetime]


class ContentReferenceRow(Base):
    """A file or picture (`target_id`) that a content item shows or its Markdown links to."""

    __tablename__ = "content_references"

    content_id: Column[UUID] = column(ForeignKey(ContentRow.id), primary_key=True)
    target_id: Column[UUID] = column(primary_key=True, index=True)


class LessonContentRow(Base):
    """Lesson as its events tell; `removed` is final. `sequence` is that of the last event."""

    __tablename__ = "lesson_contents"

    lesson_id: Column[UUID] = column(primary_key=True)
    course_id: Column[UUID]
    content_id: Column[UUID | None] = column(index=True, default=None)
    preview: Column[bool]
    published: Column[bool]
    removed: Column[bool]
    sequence: Column[int]


class CourseCoverRow(Base):
    """Cover of a course as its events tell; one without a picture has none, or is gone."""

    __tablename__ = "course_covers"

    course_id: Column[UUID] = column(primary_key=True)
    media_id: Column[UUID | None] = column(index=True, default=None)
    published: Column[bool]
    sequence: Column[int]


class TeacherRow(Base):
    """Teacher of a course, active or not, as of `sequence`."""

    __tablename__ = "course_teachers"

    course_id: Column[UUID] = column(primary_key=True)
    user_id: Column[UUID] = column(primary_key=True)
    active: Column[bool]
    sequence: Column[int]


class LearnerRow(Base):
    """Learner by an enrolment, active or not, as of `sequence`."""

    __tablename__ = "course_learners"
    __table_args__ = (Index("ix_course_learners_person", "user_id", "course_id"),)

    enrollment_id: Column[UUID] = column(primary_key=True)
    course_id: Column[UUID]
    user_id: Column[UUID]
    active: Column[bool]
    sequence: Column[int]
