"""Pictures: what is asked about them; their variants are made elsewhere."""

from sqlalchemy import delete, select

from colonnade.errors import FieldError, ValidationFailed
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
    MediaVariant,
    NoVariants,
)
from colonnade_content.files.downloads import Served, serve
from colonnade_content.files.file_types import RASTER_IMAGES, SVG, serving_headers
from colonnade_content.media.processing import variant_key
from colonnade_content.media.svg.sanitiser import RESPONSE_HEADERS
from colonnade_content.models import ContentReferenceRow, FileRow, MediaRow, MediaVariantRow
from colonnade_content.resources import MEDIA

ORDER = [SortKey(MediaRow.created_at, descending=True), SortKey(MediaRow.id)]


class MediaItems:
    """Handles what is asked about pictures."""

    def __init__(self, ctx: ServiceContext) -> None:
        self._ctx = ctx

    @handles(CreateMedia)
    async def create(self, request: CreateMedia, call: Call) -> Media:
        """Announce a picture; making its variants reacts to the announcement."""
        publishable = (await self._ctx.ask(ListPublishableFiles(ids=[request.file_id]))).ids

        def work(session: Session) -> Media:
            row = MediaRow(id=self._ctx.new_id(), file_id=request.file_id, state="processing")
            row.created_by = call.principal_id
            call.require(session, MEDIA, row)
            file = session.get(FileRow, request.file_id)
            if file is None or file.id not in publishable:
                raise ValidationFailed(fields=[FieldError("/file_id", "names no file", "unknown")])
            if file.media_type not in RASTER_IMAGES | {SVG}:
                raise NoVariants(f"No variants can be made of {file.media_type}.")
            session.add(row)
            session.flush()
            session.publish(MediaCreated(media_id=row.id, file_id=row.file_id))
            return _present(session, row)

        return await self._ctx.store.run(work)

    @handles(ListMedia)
    async def list(self, request: ListMedia, call: Call) -> Page[Media]:
        """The pictures the caller may see, newest first."""
        query = select(MediaRow).where(call.visible(MEDIA))
        if request.file_id is not None:
            query = query.where(MediaRow.file_id == request.file_id)
        return await self._ctx.store.read(
            lambda session: paginate(
                session, query, ORDER, request, lambda row: _present(session, row)
            )
        )

    @handles(GetMedia)
    async def read(self, request: GetMedia, call: Call) -> Media:
        """One picture."""
        return await self._ctx.store.read(
            lambda session: _present(
                session, permitted(session, call, MEDIA, MediaRow, request.media_id)
            )
        )

    @handles(DeleteMedia)
    async def delete(self, request: DeleteMedia, call: Call) -> Empty:
        """Remove a picture that nothing shows."""

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
    async def download(self, request: DownloadVariant, call: Call) -> Download:
        """The bytes of one variant."""

        def work(session: Session) -> Served:
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
            return Served(key, variant.size, variant.sha256, variant.created_at, headers)

        served = await self._ctx.store.read(work)
        return await serve(self._ctx, call.tenant, served, request.conditions)


def _present(session: Session, row: MediaRow) -> Media:
    query = select(MediaVariantRow).where(MediaVariantRow.media_id == row.id)
    names = MediaVariant.model_fields
    variants = [
        MediaVariant.model_validate({name: getattr(variant, name) for name in names})
        for variant in session.scalars(query.order_by(MediaVariantRow.size))
    ]
    values = {name: getattr(row, name) for name in Media.model_fields if name != "variants"}
    return Media.model_validate(values | {"variants": variants})
