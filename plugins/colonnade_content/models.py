"""The tables of the content service, one set per tenant."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, Index, Integer, String
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from colonnade.tables import TYPES, Identified, Timestamped, Versioned, tenant_metadata


class Base(DeclarativeBase):
    """The tables of this service."""

    metadata = tenant_metadata()
    type_annotation_map = TYPES


class FileRow(Identified, Versioned, Timestamped, Base):
    """A file; its bytes are the blob `files/<id>`. `size` is in bytes."""

    __tablename__ = "files"
    __table_args__ = (
        Index("ix_files_newest", "created_at", "id"),
        Index("ix_files_external_id", "external_id", unique=True),
    )

    name: Mapped[str] = mapped_column(String(200))
    media_type: Mapped[str] = mapped_column(String(200))
    size: Mapped[int]
    sha256: Mapped[str] = mapped_column(String(64))
    uploaded_by: Mapped[str] = mapped_column(String(200))
    external_id: Mapped[str | None] = mapped_column(String(200))


class MediaRow(Identified, Versioned, Timestamped, Base):
    """A picture made of a file."""

    __tablename__ = "media"
    __table_args__ = (Index("ix_media_newest", "created_at", "id"),)

    file_id: Mapped[UUID] = mapped_column(ForeignKey(FileRow.id), index=True)
    created_by: Mapped[str] = mapped_column(String(200), server_default="")
    state: Mapped[str] = mapped_column(String(20))
    failure: Mapped[str | None]


class MediaVariantRow(Base):
    """One size of a picture; its bytes are the blob `media/<media id>/<name>`."""

    __tablename__ = "media_variants"

    media_id: Mapped[UUID] = mapped_column(ForeignKey(MediaRow.id), primary_key=True)
    name: Mapped[str] = mapped_column(String(20), primary_key=True)
    media_type: Mapped[str] = mapped_column(String(200))
    width: Mapped[int | None] = mapped_column(Integer)
    height: Mapped[int | None] = mapped_column(Integer)
    size: Mapped[int]
    sha256: Mapped[str] = mapped_column(String(64))
    created_at: Mapped[datetime]


class ContentRow(Identified, Versioned, Timestamped, Base):
    """A content item; `kind` says which of body, url, file and media it has."""

    __tablename__ = "contents"
    __table_args__ = (Index("ix_contents_newest", "created_at", "id"),)

    kind: Mapped[str] = mapped_column(String(20))
    title: Mapped[str] = mapped_column(String(200))
    body: Mapped[str | None]
    url: Mapped[str | None]
    file_id: Mapped[UUID | None] = mapped_column(ForeignKey(FileRow.id))
    media_id: Mapped[UUID | None] = mapped_column(ForeignKey(MediaRow.id))
    external_id: Mapped[str | None] = mapped_column(String(200), unique=True)
    created_by: Mapped[str] = mapped_column(String(200), server_default="")
    revision: Mapped[int] = mapped_column(Integer)


class ShareRow(Base):
    """An instructor with whom a content item is shared, who works with it as its maker does."""

    __tablename__ = "content_shares"

    content_id: Mapped[UUID] = mapped_column(ForeignKey(ContentRow.id), primary_key=True)
    user_id: Mapped[UUID] = mapped_column(primary_key=True, index=True)
    shared_by: Mapped[str] = mapped_column(String(200))
    created_at: Mapped[datetime]


class RenderingRow(Base):
    """The HTML of a content item's `body`, as the renderer of that number makes it."""

    __tablename__ = "content_renderings"

    content_id: Mapped[UUID] = mapped_column(ForeignKey(ContentRow.id), primary_key=True)
    html: Mapped[str]
    renderer: Mapped[int] = mapped_column(Integer)


class ContentRevisionRow(Base):
    """Revision of a content item, from one change to the next."""

    __tablename__ = "content_revisions"

    content_id: Mapped[UUID] = mapped_column(ForeignKey(ContentRow.id), primary_key=True)
    revision: Mapped[int] = mapped_column(Integer, primary_key=True)
    title: Mapped[str] = mapped_column(String(200))
    body: Mapped[str | None]
    url: Mapped[str | None]
    # No references: what an old revision showed may be gone.
    file_id: Mapped[UUID | None]
    media_id: Mapped[UUID | None]
    changed_by: Mapped[str] = mapped_column(String(200))
    created_at: Mapped[datetime]


class ContentReferenceRow(Base):
    """A file or picture (`target_id`) that a content item shows or its Markdown links to."""

    __tablename__ = "content_references"

    content_id: Mapped[UUID] = mapped_column(ForeignKey(ContentRow.id), primary_key=True)
    target_id: Mapped[UUID] = mapped_column(primary_key=True, index=True)


class LessonContentRow(Base):
    """Lesson as its events tell; `removed` is final. `sequence` is that of the last event."""

    __tablename__ = "lesson_contents"

    lesson_id: Mapped[UUID] = mapped_column(primary_key=True)
    course_id: Mapped[UUID]
    content_id: Mapped[UUID | None] = mapped_column(index=True)
    preview: Mapped[bool]
    published: Mapped[bool]
    removed: Mapped[bool]
    sequence: Mapped[int]


class TeacherRow(Base):
    """Teacher of a course, active or not, as of `sequence`."""

    __tablename__ = "course_teachers"

    course_id: Mapped[UUID] = mapped_column(primary_key=True)
    user_id: Mapped[UUID] = mapped_column(primary_key=True)
    active: Mapped[bool]
    sequence: Mapped[int]


class LearnerRow(Base):
    """Learner by an enrolment, active or not, as of `sequence`."""

    __tablename__ = "course_learners"
    __table_args__ = (Index("ix_course_learners_person", "user_id", "course_id"),)

    enrollment_id: Mapped[UUID] = mapped_column(primary_key=True)
    course_id: Mapped[UUID]
    user_id: Mapped[UUID]
    active: Mapped[bool]
    sequence: Mapped[int]
