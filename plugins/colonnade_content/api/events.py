"""Events of the content service."""

from uuid import UUID

from colonnade.events import Event, event
from colonnade_content.api.types import ContentKind, MediaState


@event("content", key="media_id")
class MediaCreated(Event):
    """A picture was made of a file and waits for its variants."""

    media_id: UUID
    file_id: UUID


@event("content", key="media_id")
class MediaProcessed(Event):
    """The variants of a picture are there, or could not be made."""

    media_id: UUID
    state: MediaState


@event("content", key="file_id")
class FileDeleted(Event):
    """A file is gone; its bytes are about to be."""

    file_id: UUID


@event("content", key="media_id")
class MediaDeleted(Event):
    """A picture is gone; the bytes of its variants are about to be."""

    media_id: UUID


class ContentFact(Event):
    """The state of a content item after a change; `version` grows with each."""

    content_id: UUID
    kind: ContentKind
    title: str
    version: int


@event("content", key="content_id")
class ContentCreated(ContentFact):
    """A content item was made."""


@event("content", key="content_id")
class ContentUpdated(ContentFact):
    """A content item has changed."""


@event("content", key="content_id")
class ContentDeleted(ContentFact):
    """A content item is gone."""
