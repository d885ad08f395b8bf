"""The content service: what its handlers and reactions are made of."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from colonnade_content.config import ContentContext
from colonnade_content.files.orphans import Orphans
from colonnade_content.handlers.content import Contents
from colonnade_content.handlers.files import Files
from colonnade_content.handlers.media import MediaItems
from colonnade_content.handlers.shares import Sharing
from colonnade_content.media.processing import Processing
from colonnade_content.reactions import CourseFacts
from colonnade_content.rendering.renderings import Renderings


@asynccontextmanager
async def content_service(ctx: ContentContext) -> AsyncIterator[Sequence[object]]:
    """The objects that handle operations, events and time; nothing needs tearing down."""
    renderings = Renderings(ctx)
    yield [
        Files(ctx),
        MediaItems(ctx),
        Contents(ctx, renderings),
        renderings,
        Sharing(ctx),
        Processing(ctx),
        CourseFacts(),
        Orphans(ctx),
    ]
