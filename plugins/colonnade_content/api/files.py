"""Files: bytes with a name, kept as they came and handed out in ranges."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import Field

from colonnade.messages import Empty, Message, Request
from colonnade.operations import Stream, operation
from colonnade.pagination import ListRequest, Page
from colonnade_content.api.errors import DuplicateExternalId, FileInUse, FileTypeMismatch
from colonnade_content.api.types import ExternalId, FileName, Header


class File(Message):
    """File without its bytes. `media_type` was told from them, `size` is in bytes."""

    id: UUID
    name: str
    media_type: str
    size: int
    sha256: str
    external_id: str | None
    uploaded_by: str
    created_at: datetime
    version: int


class ContentHead(Message):
    """Head of an answer with bytes: a status and headers that fit the ranges asked for."""

    status: int
    headers: dict[str, str]


class Conditions(Message):
    """The headers of a request that decide which bytes it gets (RFC 9110 §13, §14)."""

    range: Header | None = None
    if_range: Header | None = None
    if_match: Header | None = None
    if_none_match: Header | None = None
    if_modified_since: Header | None = None
    if_unmodified_since: Header | None = None


@operation(
    "content",
    action="file.create",
    stream=Stream.UPLOAD,
    deadline=300.0,
    errors=[FileTypeMismatch, DuplicateExternalId],
    per_day=20_000,
)
class UploadFile(Request[File]):
    """Keep a file. The bytes flow beside this message."""

    name: FileName
    declared_type: Annotated[str, Field(max_length=200)] = ""
    external_id: ExternalId | None = Field(None, description="Unique among the files.")


@operation("content", action="file.read", idempotent=True)
class ListFiles(ListRequest[Page[File]]):
    """List the files the caller may read, newest first."""

    external_id: ExternalId | None = None
    external_id_prefix: ExternalId | None = Field(None, description="What it begins with.")


@operation("content", action="file.read", idempotent=True)
class GetFile(Request[File]):
    """Read what is known of a file."""

    file_id: UUID


@operation("content", action="file.delete", errors=[FileInUse], per_day=20_000)
class DeleteFile(Request[Empty]):
    """Remove a file that nothing uses."""

    file_id: UUID


@operation("content", action="file.read", stream=Stream.DOWNLOAD, deadline=300.0)
class DownloadFile(Request[ContentHead]):
    """Read the bytes of a file, or a range of them."""

    file_id: UUID
    conditions: Conditions = Conditions()
