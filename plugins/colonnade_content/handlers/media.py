"""Handlers of the operations on pictures; their variants are made in the background."""

from sqlalchemy import delete, select

from colonnade.errors import FieldError, ValidationFailed
from colonnade.idempotency import once_if_keyed
from colonnade.lookups import permitted
from colonnade.messages import Empty
from colonnade.operations import Call, Download, handles
from colonnade.pagination import Page, SortKey, paginate
from colonnade.services import ServiceContext
from colonnade.store import Session
from colonnade_content.api import (
    CreateMedia,
    DeleteMedia,
    DownloadVariant,
    FileInUse,
    GetMedia,
    ListMedia,
    ListPublishableFiles,
    Media,
    MediaCreated,
    MediaDeleted,
    MediaNotReady,
    NoVariants,
)
from colonnade_content.files.blob_keys import variant_key
from colonnade_content.files.downloads import StoredBlob, download
from colonnade_content.files.file_types import RASTER_IMAGES, SVG, serving_headers
from colonnade_content.media.states import MediaState
from colonnade_content.media.svg.sanitiser import RESPONSE_HEADERS
from colonnade_content.models import ContentReferenceRow, FileRow, MediaRow, MediaVariantRow
from colonnade_content.presentation import present_media
from colonnade_content.resources import MEDIA

ORDER = [SortKey(MediaRow.created_at, descending=True), SortKey(MediaRow.id)]


class MediaHandlers:
    """Operations on pictures and their variants."""

    def __init__(self, ctx: ServiceContext) -> None:
        self._ctx = ctx

    @handles(CreateMedia)
    async def create_media(self, request: CreateMedia, call: Call) -> Media:
        """Create a picture and publish that; its variants are made in reaction."""
        publishable = (await self._ctx.ask(ListPublishableFiles(ids=[request.file_id]))).ids

        def work(session: Session) -> Media:
            row = MediaRow(
                id=self._ctx.new_id(),
                file_id=request.file_id,
                created_by=call.principal_id,
                state=MediaState.PROCESSING,
            )
            call.require(session, MEDIA, row)
            file = session.get(FileRow, request.file_id)
            if file is None or file.id not in publishable:
                raise ValidationFailed(fields=[FieldError("/file_id", "names no file", "unknown")])
            if file.media_type not in RASTER_IMAGES | {SVG}:
                raise NoVariants(f"No variants can be made of {file.media_type}.")
            session.add(row)
            session.flush()
            session.publish(MediaCreated(media_id=row.id, file_id=row.file_id))
            return _with_variants(session, row)

        return await self._ctx.store.run(once_if_keyed(call, request, work))

    @handles(ListMedia)
    async def list_media(self, request: ListMedia, call: Call) -> Page[Media]:
        """List the pictures that the caller may see, newest first."""
        query = select(MediaRow).where(call.visible(MEDIA))
        if request.file_id is not None:
            query = query.where(MediaRow.file_id == request.file_id)
        return await self._ctx.store.read(
            lambda session: paginate(
                session, query, ORDER, request, lambda row: _with_variants(session, row)
            )
        )

    @handles(GetMedia)
    async def get_media(self, request: GetMedia, call: Call) -> Media:
        """Read one picture."""
        return await self._ctx.store.read(
            lambda session: _with_variants(
                session, permitted(session, call, MEDIA, MediaRow, request.media_id)
            )
        )

    @handles(DeleteMedia)
    async def delete_media(self, request: DeleteMedia, call: Call) -> Empty:
        """Delete a picture that nothing shows."""

        def work(session: Session) -> Empty:
            row = permitted(session, call, MEDIA, MediaRow, request.media_id)
            call.check_version(row.version)
            reference = select(ContentReferenceRow.content_id)
            user = session.scalar(reference.where(ContentReferenceRow.target_id == row.id))
            if user is not None:
                raise FileInUse("A content item shows it.", details={"content_id": str(user)})
            session.execute(delete(MediaVariantRow).where(MediaVariantRow.media_id == row.id))
            session.delete(row)
            session.publish(MediaDeleted(media_id=row.id))
            return Empty()

        return await self._ctx.store.run(work)

    @handles(DownloadVariant)
    async def download_variant(self, request: DownloadVariant, call: Call) -> Download:
        """Send the bytes of one variant, or a range of them."""

        def work(session: Session) -> StoredBlob:
            row = permitted(session, call, MEDIA, MediaRow, request.media_id)
            variant = session.get(MediaVariantRow, (row.id, request.name))
            if variant is None:
                raise MediaNotReady(
                    f"The picture has no variant '{request.name}'; its state is {row.state}.",
                    details={"state": row.state},
                )
            key = variant_key(row.id, variant.name)
            headers = dict(RESPONSE_HEADERS)
            if variant.media_type != SVG:
                headers = serving_headers(variant.media_type, f"{variant.name}.webp")
            return StoredBlob(key, variant.size, variant.sha256, variant.created_at, headers)

        blob = await self._ctx.store.read(work)
        return await download(self._ctx, call.tenant, blob, request.conditions)


def _with_variants(session: Session, row: MediaRow) -> Media:
    query = select(MediaVariantRow).where(MediaVariantRow.media_id == row.id)
    return present_media(row, session.scalars(query.order_by(MediaVariantRow.size)).all())
