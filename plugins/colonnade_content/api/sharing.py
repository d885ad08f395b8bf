"""Shares of content items, and what a caller may let others see."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import Field

from colonnade.messages import Empty, Message, Request
from colonnade.operations import operation
from colonnade.pagination import ListRequest, Page
from colonnade_content.api.errors import TooManyShares

MAXIMUM_ASKED = 500
Ids = Annotated[list[UUID], Field(max_length=MAXIMUM_ASKED)]


class Share(Message):
    """A person who works with a content item as its maker does, while they are an instructor."""

    content_id: UUID
    user_id: UUID
    shared_by: str
    created_at: datetime


class Publishable(Message):
    """Ids of those that the caller may let lessons show."""

    ids: list[UUID]


@operation("content", action="content.share", errors=[TooManyShares])
class ShareContent(Request[Share]):
    """Share a content item with somebody, with the files and pictures that it shows."""

    content_id: UUID
    user_id: UUID


@operation("content", action="content.share")
class UnshareContent(Request[Empty]):
    """Share a content item with somebody no longer; what shows it by now stays."""

    content_id: UUID
    user_id: UUID


@operation("content", action="content.share", idempotent=True)
class ListShares(ListRequest[Page[Share]]):
    """List with whom a content item is shared."""

    content_id: UUID


@operation("content", action="content.publish", idempotent=True)
class ListPublishableContent(Request[Publishable]):
    """Say which content items the caller may let lessons show; for whoever keeps lessons."""

    ids: Ids


@operation("content", action="file.publish", idempotent=True)
class ListPublishableFiles(Request[Publishable]):
    """Say which files the caller may let content items show or link to."""

    ids: Ids


@operation("content", action="media.publish", idempotent=True)
class ListPublishableMedia(Request[Publishable]):
    """Say which pictures the caller may let content items show or link to."""

    ids: Ids
