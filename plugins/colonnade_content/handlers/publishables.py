"""Handlers of the operations that list what the caller may publish."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import select

from colonnade.operations import Call, handles
from colonnade.policy import ResourceType
from colonnade.services import ServiceContext
from colonnade_content.api import (
    ListPublishableContent,
    ListPublishableFiles,
    ListPublishableMedia,
    Publishable,
)
from colonnade_content.models import ContentRow, FileRow, MediaRow
from colonnade_content.resources import CONTENT, FILE, MEDIA

Row = type[ContentRow] | type[FileRow] | type[MediaRow]


class PublishableHandlers:
    """Operations that list what the policy lets the caller publish."""

    def __init__(self, ctx: ServiceContext) -> None:
        self._ctx = ctx

    @handles(ListPublishableContent)
    async def list_publishable_content(
        self, request: ListPublishableContent, call: Call
    ) -> Publishable:
        """List those of the content items that the caller may let lessons show."""
        return await self._publishable(call, CONTENT, ContentRow, request.ids)

    @handles(ListPublishableFiles)
    async def list_publishable_files(
        self, request: ListPublishableFiles, call: Call
    ) -> Publishable:
        """List those of the files that the caller may let items show or link to."""
        return await self._publishable(call, FILE, FileRow, request.ids)

    @handles(ListPublishableMedia)
    async def list_publishable_media(
        self, request: ListPublishableMedia, call: Call
    ) -> Publishable:
        """List those of the pictures that the caller may let items show or link to."""
        return await self._publishable(call, MEDIA, MediaRow, request.ids)

    async def _publishable(
        self, call: Call, kind: ResourceType, row: Row, ids: Sequence[UUID]
    ) -> Publishable:
        query = select(row.id).where(row.id.in_(ids), call.visible(kind))
        found = await self._ctx.store.read(lambda session: session.scalars(query).all())
        return Publishable(ids=list(found))
