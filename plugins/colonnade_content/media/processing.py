"""Processing of pictures and files in the background: variants are made, bytes deleted."""

from collections.abc import AsyncIterator
from uuid import UUID

from colonnade.errors import WorkEnded
from colonnade.events import Work, reactions_named, reacts_to
from colonnade.services import ServiceContext
from colonnade.store import Session
from colonnade_content.api import FileDeleted, MediaCreated, MediaDeleted, MediaProcessed
from colonnade_content.files.blob_keys import file_key, variant_key, variants_prefix
from colonnade_content.files.file_types import SVG
from colonnade_content.media.images import MAXIMUM_SOURCE_BYTES, ImageRejected, variants_of
from colonnade_content.media.states import MediaState
from colonnade_content.media.svg.sanitiser import SvgRejected, sanitise_svg
from colonnade_content.models import FileRow, MediaRow, MediaVariantRow

PICTURE_SECONDS = 10.0
"""Processor time for the variants of one picture; 40 million pixels take a third of it."""

DRAWING_SECONDS = 4.0

MAXIMUM_VARIANT_BYTES = 64 * 1024 * 1024


@reactions_named("Processing")
class MediaProcessing:
    """Reactions to changes of files and pictures; each bears repetition."""

    def __init__(self, ctx: ServiceContext) -> None:
        self._ctx = ctx

    @reacts_to(MediaCreated)
    async def media_created(self, event: MediaCreated) -> Work | None:
        """Make the variants, or record why there are none."""

        def find(session: Session) -> tuple[str, int] | None:
            media = session.get(MediaRow, event.media_id)
            file = session.get(FileRow, event.file_id)
            if media is None or file is None:
                return None
            return file.media_type, file.size

        found = await self._ctx.store.read(find)
        if found is None:
            return None
        try:
            variants = await self._make(event, *found)
        except (ImageRejected, SvgRejected, WorkEnded) as error:
            return _failed(event.media_id, str(error))
        return _ready(event.media_id, variants)

    @reacts_to(MediaDeleted)
    async def media_deleted(self, event: MediaDeleted) -> Work | None:
        """Delete the bytes of the variants."""
        tenant = self._ctx.tenant().id
        for key in await self._ctx.blobs.list(tenant, variants_prefix(event.media_id)):
            await self._ctx.blobs.delete(tenant, key)
        return None

    @reacts_to(FileDeleted)
    async def file_deleted(self, event: FileDeleted) -> Work | None:
        """Delete the bytes of the file."""
        await self._ctx.blobs.delete(self._ctx.tenant().id, file_key(event.file_id))
        return None

    async def _make(self, event: MediaCreated, media_type: str, size: int) -> list[MediaVariantRow]:
        if size > MAXIMUM_SOURCE_BYTES:
            raise ImageRejected(
                f"The file has {size} bytes; variants are made of at most {MAXIMUM_SOURCE_BYTES}."
            )
        tenant = self._ctx.tenant().id
        chunks = await self._ctx.blobs.open(tenant, file_key(event.file_id))
        source = b"".join([chunk async for chunk in chunks])
        if media_type == SVG:
            drawing = await self._ctx.in_process(sanitise_svg, source, seconds=DRAWING_SECONDS)
            return [await self._store(event.media_id, "drawing", SVG, drawing, None, None)]
        made = await self._ctx.in_process(variants_of, source, media_type, seconds=PICTURE_SECONDS)
        return [
            await self._store(
                event.media_id, item.name, item.media_type, item.data, item.width, item.height
            )
            for item in made
        ]

    async def _store(
        self,
        media_id: UUID,
        name: str,
        media_type: str,
        data: bytes,
        width: int | None,
        height: int | None,
    ) -> MediaVariantRow:
        info = await self._ctx.blobs.put(
            self._ctx.tenant().id,
            variant_key(media_id, name),
            _one(data),
            limit=MAXIMUM_VARIANT_BYTES,
        )
        return MediaVariantRow(
            media_id=media_id,
            name=name,
            media_type=media_type,
            width=width,
            height=height,
            size=info.size,
            sha256=info.sha256,
            created_at=self._ctx.clock.now(),
        )


def _failed(media_id: UUID, reason: str) -> Work:
    def work(session: Session) -> None:
        row = session.get(MediaRow, media_id)
        if row is None:
            return
        row.state, row.failure = MediaState.FAILED, reason
        session.publish(MediaProcessed(media_id=media_id, state=MediaState.FAILED.value))

    return work


def _ready(media_id: UUID, variants: list[MediaVariantRow]) -> Work:
    def work(session: Session) -> None:
        row = session.get(MediaRow, media_id)
        if row is None:
            return
        row.state, row.failure = MediaState.READY, None
        for variant in variants:
            session.upsert(variant)
        session.publish(MediaProcessed(media_id=media_id, state=MediaState.READY.value))

    return work


async def _one(data: bytes) -> AsyncIterator[bytes]:
    yield data
