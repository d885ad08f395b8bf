"""Content items: what lessons show."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import Field

from colonnade.field_rules import AtMostOne, ChosenBy
from colonnade.messages import Empty, Message, NotNull, Request
from colonnade.operations import operation
from colonnade.pagination import ListRequest, Page
from colonnade.patches import Patch
from colonnade_content.api.errors import ContentInUse, DuplicateExternalId
from colonnade_content.api.types import Body, ContentKind, ExternalId, Title, WebAddress

SHOWN = {"markdown": "body", "file": "file_id", "media": "media_id", "link": "url"}
"""Kind → the one field that holds what the item shows."""

_SHOWN_BY = "What {0} content shows, and therefore not null; null or absent in any other."


class ContentSummary(Message):
    """A content item in a list."""

    id: UUID
    kind: ContentKind
    title: str
    external_id: str | None
    created_at: datetime
    updated_at: datetime
    version: int


class Content(ContentSummary):
    """A content item. `html` is `body` rendered and sanitised, fit to be shown as it is.

    `revision` counts the texts, targets and titles it has had; `version` every change.
    """

    body: str | None
    html: str | None
    url: str | None
    file_id: UUID | None
    media_id: UUID | None
    revision: int


class ContentVersion(Message):
    """Revision of a content item, from one change to the next."""

    revision: int
    title: str
    body: str | None
    url: str | None
    file_id: UUID | None
    media_id: UUID | None
    changed_by: str
    created_at: datetime


@operation("content", action="content.create", errors=[DuplicateExternalId], per_day=20_000)
class CreateContent(Request[Content]):
    """Make a content item; `kind` says which one of body, url, file_id and media_id it has."""

    __rules__ = (ChosenBy("kind", SHOWN, "content"),)

    kind: ContentKind
    title: Title
    body: Body | None = None
    url: WebAddress | None = None
    file_id: UUID | None = None
    media_id: UUID | None = None
    external_id: ExternalId | None = None


@operation("content", action="content.read", idempotent=True)
class ListContent(ListRequest[Page[ContentSummary]]):
    """List the content items the caller may read, newest first."""

    kind: ContentKind | None = None
    external_id: ExternalId | None = None
    external_id_prefix: ExternalId | None = Field(None, description="What it begins with.")


@operation("content", action="content.read", idempotent=True)
class GetContent(Request[Content]):
    """Read a content item, Markdown rendered."""

    content_id: UUID


@operation("content", action="content.update", errors=[DuplicateExternalId], per_day=20_000)
class UpdateContent(Patch[Content]):
    """Change what is given of a content item; its kind stays."""

    __rules__ = (AtMostOne(*SHOWN.values()),)

    content_id: UUID
    title: Annotated[Title | None, NotNull()] = None
    body: Body | None = Field(None, description=_SHOWN_BY.format("markdown"))
    url: WebAddress | None = Field(None, description=_SHOWN_BY.format("link"))
    file_id: UUID | None = Field(None, description=_SHOWN_BY.format("file"))
    media_id: UUID | None = Field(None, description=_SHOWN_BY.format("media"))
    external_id: ExternalId | None = None


@operation("content", action="content.delete", errors=[ContentInUse], per_day=20_000)
class DeleteContent(Request[Empty]):
    """Remove a content item that no lesson shows."""

    content_id: UUID


@operation("content", action="content.revise", idempotent=True)
class ListContentVersions(ListRequest[Page[ContentVersion]]):
    """List what a content item was, newest first."""

    content_id: UUID
