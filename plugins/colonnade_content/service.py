"""The content service: what its handlers and reactions are made of."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from colonnade.services import ServiceContext
from colonnade_content.contents import Contents
from colonnade_content.files import Files
from colonnade_content.media import MediaItems
from colonnade_content.orphans import Orphans
from colonnade_content.processing import Processing
from colonnade_content.reactions import CourseFacts
from colonnade_content.rendering.kept import Renderings
from colonnade_content.sharing import Sharing


@asynccontextmanager
async def content_service(ctx: ServiceContext) -> AsyncIterator[Sequence[object]]:
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
