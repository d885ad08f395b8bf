"""Media: pictures in the sizes that pages need, made in the background from a file."""

from datetime import datetime
from uuid import UUID

from colonnade.messages import Empty, Message, Request
from colonnade.operations import Stream, operation
from colonnade.pagination import ListRequest, Page
from colonnade_content.api.errors import FileInUse, MediaNotReady, NoVariants
from colonnade_content.api.files import Conditions, ContentHead
from colonnade_content.api.types import MediaState, VariantName


class MediaVariant(Message):
    """One size of a picture. A vector drawing has no `width` and `height` of its own."""

    name: str
    media_type: str
    width: int | None
    height: int | None
    size: int


class Media(Message):
    """A picture; `failure` says in a sentence why it could not be processed."""

    id: UUID
    file_id: UUID
    state: MediaState
    failure: str | None
    variants: list[MediaVariant]
    created_at: datetime
    version: int


@operation("content", action="media.create", errors=[NoVariants], per_day=20_000)
class CreateMedia(Request[Media]):
    """Make a picture of a file; its variants are made in the background."""

    file_id: UUID


@operation("content", action="media.read", idempotent=True)
class ListMedia(ListRequest[Page[Media]]):
    """List the pictures the caller may see, newest first."""

    file_id: UUID | None = None


@operation("content", action="media.read", idempotent=True)
class GetMedia(Request[Media]):
    """Read a picture's state and variants."""

    media_id: UUID


@operation("content", action="media.delete", errors=[FileInUse], per_day=20_000)
class DeleteMedia(Request[Empty]):
    """Remove a picture that no content item shows; its file stays."""

    media_id: UUID


@operation(
    "content",
    action="media.read",
    stream=Stream.DOWNLOAD,
    deadline=300.0,
    errors=[MediaNotReady],
)
class DownloadVariant(Request[ContentHead]):
    """Read the bytes of one variant of a picture, or a range of them."""

    media_id: UUID
    name: VariantName
    conditions: Conditions = Conditions()
