"""Files: taken as a stream, told by their bytes, handed out in ranges."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError

from colonnade.blobs import BlobInfo
from colonnade.context import Principal, PrincipalKind
from colonnade.crash_points import reach
from colonnade.errors import ContentTooLarge, FieldError, InvalidRequest
from colonnade.lookups import permitted
from colonnade.messages import Empty
from colonnade.operations import Call, Download, handles
from colonnade.pagination import Page, SortKey, paginate
from colonnade.quantities import Size
from colonnade.store import Session
from colonnade_content.api import (
    DeleteFile,
    DownloadFile,
    DuplicateExternalId,
    File,
    FileDeleted,
    FileInUse,
    FileTypeMismatch,
    GetFile,
    ListFiles,
    UploadFile,
)
from colonnade_content.config import ContentContext
from colonnade_content.files.downloads import Served, serve
from colonnade_content.files.file_names import clean_file_name
from colonnade_content.files.file_types import (
    HEAD_BYTES,
    contradiction,
    serving_headers,
    sniff,
)
from colonnade_content.files.orphans import KEPT
from colonnade_content.models import ContentReferenceRow, FileRow, MediaRow
from colonnade_content.references.external_ids import begins_with
from colonnade_content.resources import FILE

ORDER = [SortKey(FileRow.created_at, descending=True), SortKey(FileRow.id)]


def file_key(file_id: UUID) -> str:
    """The key of a file's blob."""
    return f"files/{file_id}"


class Files:
    """Handles what is asked about files."""

    def __init__(self, ctx: ContentContext) -> None:
        self._ctx = ctx

    @handles(UploadFile)
    async def upload(self, request: UploadFile, call: Call) -> File:
        """Keep the bytes first, then the row; bytes without a row are taken back."""
        if call.incoming is None:
            raise InvalidRequest("No bytes came with the file.")
        row = FileRow(
            id=self._ctx.new_id(),
            name=clean_file_name(request.name),
            uploaded_by=call.principal_id,
        )

        def check(session: Session) -> None:
            call.require(session, FILE, row)
            _check_unique(session, request.external_id)
            _check_room(session, call.caller.principal, 1, config.maximum_stored)

        config = self._ctx.config
        await self._ctx.store.read(check)
        incoming = _Incoming(call.incoming, row.name, request.declared_type)
        limit = int(config.maximum_file_size)
        key = file_key(row.id)
        info = await self._ctx.blobs.put(call.tenant, key, incoming.chunks(), limit=limit)
        reach(KEPT)
        try:

            def keep(session: Session) -> File:
                _check_room(session, call.caller.principal, info.size, config.maximum_stored)
                return _keep(session, request, row.id, call, info, incoming.media_type)

            return await self._ctx.store.run(keep)
        except BaseException:
            await self._ctx.blobs.delete(call.tenant, key)
            raise

    @handles(ListFiles)
    async def list(self, request: ListFiles, call: Call) -> Page[File]:
        """The files the caller may read, newest first."""
        query = select(FileRow).where(call.visible(FILE))
        if request.external_id is not None:
            query = query.where(FileRow.external_id == request.external_id)
        if request.external_id_prefix is not None:
            query = query.where(begins_with(FileRow.external_id, request.external_id_prefix))
        return await self._ctx.store.read(
            lambda session: paginate(session, query, ORDER, request, present_file)
        )

    @handles(GetFile)
    async def read(self, request: GetFile, call: Call) -> File:
        """What is known of one file."""
        return await self._ctx.store.read(
            lambda session: present_file(permitted(session, call, FILE, FileRow, request.file_id))
        )

    @handles(DeleteFile)
    async def delete(self, request: DeleteFile, call: Call) -> Empty:
        """Forget a file that nothing uses; its bytes go when that is certain."""

        def work(session: Session) -> Empty:
            row = permitted(session, call, FILE, FileRow, request.file_id)
            call.check_version(row.version)
            _require_unused(session, row.id)
            session.delete(row)
            session.publish(FileDeleted(file_id=row.id))
            return Empty()

        return await self._ctx.store.run(work)

    @handles(DownloadFile)
    async def download(self, request: DownloadFile, call: Call) -> Download:
        """The bytes asked for."""

        def work(session: Session) -> Served:
            row = permitted(session, call, FILE, FileRow, request.file_id)
            headers = serving_headers(row.media_type, row.name)
            return Served(file_key(row.id), row.size, row.sha256, row.created_at, headers)

        served = await self._ctx.store.read(work)
        return await serve(self._ctx, call.tenant, served, request.conditions)


def present_file(row: FileRow) -> File:
    """A file as the contract shows it."""
    return File.model_validate({name: getattr(row, name) for name in File.model_fields})


@dataclass(slots=True)
class _Incoming:
    """Passes bytes on once the first of them have shown what they are."""

    source: AsyncIterator[bytes]
    name: str
    declared_type: str
    media_type: str = ""

    async def chunks(self) -> AsyncIterator[bytes]:
        head = b""
        async for chunk in self.source:
            if self.media_type:
                yield chunk
                continue
            head += chunk
            if len(head) >= HEAD_BYTES:
                self._judge(head)
                yield head
        if not self.media_type:
            self._judge(head)
            if head:
                yield head

    def _judge(self, head: bytes) -> None:
        found = sniff(head, self.name)
        family = contradiction(head, self.name, self.declared_type)
        if family is not None:
            raise FileTypeMismatch(
                f"The bytes are {found}, which its name or declared type contradicts.",
                details={"media_type": found},
            )
        self.media_type = found


def _keep(
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
    _check_unique(session, request.external_id)
    session.add(row)
    try:
        session.flush()
    except IntegrityError:
        raise _duplicate() from None
    return present_file(row)


def _check_room(session: Session, uploader: Principal, size: int, maximum: Size) -> None:
    """Services are not bounded: they bring what operators import."""
    if uploader.kind is PrincipalKind.SERVICE:
        return
    total = select(func.coalesce(func.sum(FileRow.size), 0))
    stored = session.scalars(total.where(FileRow.uploaded_by == uploader.id)).one()
    if stored + size > maximum:
        raise ContentTooLarge(
            f"Your files may have {maximum} together, and have {stored} bytes; delete some first."
        )


def _check_unique(session: Session, external_id: str | None) -> None:
    if external_id is None:
        return
    twin = session.scalar(select(FileRow.id).where(FileRow.external_id == external_id))
    if twin is not None:
        raise _duplicate({"id": str(twin)})


def _duplicate(details: dict[str, str] | None = None) -> DuplicateExternalId:
    return DuplicateExternalId(
        "Another file has this external id.",
        details=details,
        fields=[FieldError("/external_id", "is taken", "taken")],
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
