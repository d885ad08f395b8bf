"""The content service: its handlers, reactions and schedules."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from colonnade_content.config import ContentContext
from colonnade_content.files.orphans import OrphanedBlobs
from colonnade_content.handlers.content import ContentHandlers
from colonnade_content.handlers.files import FileHandlers
from colonnade_content.handlers.media import MediaHandlers
from colonnade_content.handlers.publishables import PublishableHandlers
from colonnade_content.handlers.shares import ShareHandlers
from colonnade_content.media.processing import MediaProcessing
from colonnade_content.reactions import CourseProjection
from colonnade_content.rendering.renderings import Renderings


@asynccontextmanager
async def create_service(ctx: ContentContext) -> AsyncIterator[Sequence[object]]:
    """Make the objects that the runtime calls; nothing needs tearing down."""
    renderings = Renderings(ctx)
    yield [
        FileHandlers(ctx),
        MediaHandlers(ctx),
        ContentHandlers(ctx, renderings),
        renderings,
        ShareHandlers(ctx),
        PublishableHandlers(ctx),
        MediaProcessing(ctx),
        CourseProjection(),
        OrphanedBlobs(ctx),
    ]
