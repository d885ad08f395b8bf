"""Handlers of the operations on files: uploaded as a stream, downloaded in ranges."""

from uuid import UUID

from sqlalchemy import func, select

from colonnade.blobs import BlobInfo
from colonnade.context import Principal, PrincipalKind
from colonnade.crash_points import reach
from colonnade.errors import ContentTooLarge, InvalidRequest
from colonnade.file_names import clean_file_name
from colonnade.lookups import permitted
from colonnade.messages import Empty
from colonnade.operations import Call, Download, handles
from colonnade.pagination import Listing, Page, SortKey, paginate
from colonnade.quantities import Size
from colonnade.rows import ConstraintViolated
from colonnade.store import Session
from colonnade_content.api import (
    DeleteFile,
    DownloadFile,
    File,
    FileDeleted,
    FileInUse,
    GetFile,
    ListFiles,
    UploadFile,
)
from colonnade_content.config import ContentContext
from colonnade_content.files.blob_keys import file_key
from colonnade_content.files.downloads import StoredBlob, download
from colonnade_content.files.file_types import serving_headers
from colonnade_content.files.orphans import BYTES_STORED
from colonnade_content.files.sniffed_stream import SniffedStream
from colonnade_content.models import ContentReferenceRow, FileRow, MediaRow
from colonnade_content.presentation import present_file
from colonnade_content.references.external_ids import (
    duplicate,
    require_unique,
    with_prefix,
)
from colonnade_content.resources import FILE

FILES = Listing(FileRow, FILE, external_id=FileRow.external_id)
ORDER = [SortKey(FileRow.created_at, descending=True), SortKey(FileRow.id)]


class FileHandlers:
    """Operations on files and their bytes."""

    def __init__(self, ctx: ContentContext) -> None:
        self._ctx = ctx

    @handles(UploadFile)
    async def upload_file(self, request: UploadFile, call: Call) -> File:
        """Store the bytes first, then the row; bytes without a row are deleted again."""
        if call.incoming is None:
            raise InvalidRequest("No bytes came with the file.")
        row = FileRow(
            id=self._ctx.new_id(),
            name=clean_file_name(request.name),
            media_type="",
            size=0,
            sha256="",
            uploaded_by=call.principal_id,
        )

        def check(session: Session) -> None:
            call.require(session, FILE, row)
            require_unique(session, FileRow, request.external_id)
            _require_room(session, call.caller.principal, 1, config.maximum_stored)

        config = self._ctx.config
        await self._ctx.store.read(check)
        incoming = SniffedStream(call.incoming, row.name, request.declared_type)
        limit = int(config.maximum_file_size)
        key = file_key(row.id)
        info = await self._ctx.blobs.put(call.tenant, key, incoming.chunks(), limit=limit)
        reach(BYTES_STORED)
        try:

            def insert(session: Session) -> File:
                _require_room(session, call.caller.principal, info.size, config.maximum_stored)
                return _insert(session, request, row.id, call, info, incoming.media_type)

            return await self._ctx.store.run(insert)
        except BaseException:
            # A cancelled upload leaves no bytes either; a killed one's are removed as orphans.
            await self._ctx.blobs.delete(call.tenant, key)
            raise

    @handles(ListFiles)
    async def list_files(self, request: ListFiles, call: Call) -> Page[File]:
        """List the files that the caller may read, newest first."""
        query = FILES.query(call, external_id=request.external_id)
        query = with_prefix(query, FileRow, request)
        return await self._ctx.store.read(
            lambda session: paginate(session, query, ORDER, request, present_file)
        )

    @handles(GetFile)
    async def get_file(self, request: GetFile, call: Call) -> File:
        """Read one file, without its bytes."""
        return await self._ctx.store.read(
            lambda session: present_file(permitted(session, call, FILE, FileRow, request.file_id))
        )

    @handles(DeleteFile)
    async def delete_file(self, request: DeleteFile, call: Call) -> Empty:
        """Delete a file that nothing uses; its bytes go after the commit."""

        def work(session: Session) -> Empty:
            row = permitted(session, call, FILE, FileRow, request.file_id)
            call.check_version(row.version)
            _require_unused(session, row.id)
            session.delete(row)
            session.publish(FileDeleted(file_id=row.id))
            return Empty()

        return await self._ctx.store.run(work)

    @handles(DownloadFile)
    async def download_file(self, request: DownloadFile, call: Call) -> Download:
        """Send the bytes of a file, or a range of them."""

        def work(session: Session) -> StoredBlob:
            row = permitted(session, call, FILE, FileRow, request.file_id)
            headers = serving_headers(row.media_type, row.name)
            return StoredBlob(file_key(row.id), row.size, row.sha256, row.created_at, headers)

        blob = await self._ctx.store.read(work)
        return await download(self._ctx, call.tenant, blob, request.conditions)


def _insert(
    session: Session,
    request: UploadFile,
    file_id: UUID,
    call: Call,
    info: BlobInfo,
    media_type: str,
) -> File:
    row = FileRow(
        id=file_id,
        name=clean_file_name(request.name),
        media_type=media_type,
        size=info.size,
        sha256=info.sha256,
        uploaded_by=call.principal_id,
        external_id=request.external_id,
    )
    call.require(session, FILE, row)
    require_unique(session, FileRow, request.external_id)
    session.add(row)
    try:
        session.flush()
    except ConstraintViolated:
        raise duplicate(FileRow) from None
    return present_file(row)


def _require_room(session: Session, uploader: Principal, size: int, maximum: Size) -> None:
    """Refuse what exceeds a person's bound.

    Services have none: they bring what operators import.
    """
    if uploader.kind is PrincipalKind.SERVICE:
        return
    total = select(func.coalesce(func.sum(FileRow.size), 0))
    stored = session.scalars(total.where(FileRow.uploaded_by == uploader.id)).one()
    if stored + size > maximum:
        raise ContentTooLarge(
            f"Your files may have {maximum} together, and have {stored} bytes; delete some first."
        )


def _require_unused(session: Session, file_id: UUID) -> None:
    user = session.scalar(
        select(ContentReferenceRow.content_id).where(ContentReferenceRow.target_id == file_id)
    )
    if user is not None:
        raise FileInUse("A content item uses the file.", details={"content_id": str(user)})
    picture = session.scalar(select(MediaRow.id).where(MediaRow.file_id == file_id))
    if picture is not None:
        raise FileInUse("A picture is made of the file.", details={"media_id": str(picture)})
