"""The HTTP routes of the content service."""

from typing import Any

import pydantic
from litestar import Controller, Response
from litestar import get as litestar_get
from litestar import post as litestar_post
from litestar.response import Stream

from colonnade.errors import NotFound, PreconditionFailed, RangeNotSatisfiable
from colonnade.http import AnyRequest, bind, delete, edge_of, get, patch, post, respond
from colonnade.idempotency import HEADER, refuse_key
from colonnade.messages import Request
from colonnade.uploads import read_upload
from colonnade_content.api import (
    Conditions,
    ContentHead,
    CreateContent,
    CreateMedia,
    DeleteContent,
    DeleteFile,
    DeleteMedia,
    DownloadFile,
    DownloadVariant,
    GetContent,
    GetFile,
    GetMedia,
    ListContent,
    ListContentVersions,
    ListFiles,
    ListMedia,
    ListShares,
    ShareContent,
    UnshareContent,
    UpdateContent,
    UploadFile,
)

MAXIMUM_CONTENT_BODY = 2 * 1024 * 1024 + 512 * 1024
"""Bytes of a content item as JSON: each of the 200,000 characters of its text may be written in
twelve (RFC 8259 §7, two escapes for one beyond the basic plane)."""

BYTES = "application/octet-stream"
ANY = "*/*"
"""A file is answered as what it is."""
PICTURES = "image/*"
FILE_LOCATION = "/api/v1/files/{id}"


class FileController(Controller):
    """Files and their bytes."""

    path = "/files"
    tags = ["content"]  # noqa: RUF012
    list_ = get("/", ListFiles)
    read = get("/{file_id:str}", GetFile)
    remove = delete("/{file_id:str}", DeleteFile)

    @litestar_post(
        "/",
        status_code=201,
        request_max_body_size=None,
        opt=bind(
            "POST", UploadFile, status=201, body="multipart/form-data", location=FILE_LOCATION
        ),
    )
    async def upload(self, request: AnyRequest) -> Response[bytes]:
        """Take a file as it arrives; the service bounds its size."""
        form = await read_upload(request.headers.get("content-type", ""), request.stream())
        refuse_key(request.headers.get(HEADER))
        message = UploadFile(name=form.name, declared_type=form.declared_type)
        answer = await edge_of(request).upload(message, form.chunks)
        return respond(request, answer, 201, FILE_LOCATION)

    @litestar_get(
        "/{file_id:str}/content", opt=bind("GET", DownloadFile, answer=ANY, conditional=True)
    )
    async def download(self, request: AnyRequest) -> Response[Any]:
        """Send a file, or a range of it."""
        return await _send(request, DownloadFile)


class MediaController(Controller):
    """Pictures and their variants."""

    path = "/media"
    tags = ["content"]  # noqa: RUF012
    create = post("/", CreateMedia, location="/api/v1/media/{id}", keyed=True)
    list_ = get("/", ListMedia)
    read = get("/{media_id:str}", GetMedia)
    remove = delete("/{media_id:str}", DeleteMedia)

    @litestar_get(
        "/{media_id:str}/variants/{name:str}",
        opt=bind("GET", DownloadVariant, answer=PICTURES, conditional=True),
    )
    async def download(self, request: AnyRequest) -> Response[Any]:
        """Send a variant, or a range of it."""
        return await _send(request, DownloadVariant)


class ContentController(Controller):
    """Content items."""

    path = "/content"
    tags = ["content"]  # noqa: RUF012
    create = post(
        "/",
        CreateContent,
        location="/api/v1/content/{id}",
        keyed=True,
        maximum_body=MAXIMUM_CONTENT_BODY,
    )
    list_ = get("/", ListContent)
    read = get("/{content_id:str}", GetContent)
    update = patch("/{content_id:str}", UpdateContent, maximum_body=MAXIMUM_CONTENT_BODY)
    remove = delete("/{content_id:str}", DeleteContent)
    versions = get("/{content_id:str}/versions", ListContentVersions)
    shares = get("/{content_id:str}/shares", ListShares)
    share = post("/{content_id:str}/shares", ShareContent, keyed=True)
    unshare = delete("/{content_id:str}/shares/{user_id:str}", UnshareContent)


_REFUSALS = {412: PreconditionFailed, 416: RangeNotSatisfiable}


async def _send(request: AnyRequest, model: type[Request[ContentHead]]) -> Response[Any]:
    conditions = {
        name: value[:4096]
        for name in Conditions.model_fields
        if (value := request.headers.get(name.replace("_", "-"))) is not None
    }
    in_path = {name: str(value) for name, value in request.path_params.items()}
    try:
        message = model.model_validate({**in_path, "conditions": conditions})
    except pydantic.ValidationError:
        raise NotFound("There is nothing of this id.") from None
    answer = await edge_of(request).download(message)
    head = ContentHead.model_validate(answer.head.model_dump())
    headers = dict(head.headers)
    media_type = headers.pop("Content-Type", BYTES)
    if media_type.startswith("text/"):
        # The framework adds the character set to these by itself.
        media_type = media_type.partition(";")[0]
    if head.status == 304:
        return Response(None, status_code=304, headers=headers)
    if head.status in _REFUSALS:
        # A problem document has a length of its own.
        headers.pop("Content-Length", None)
        raise _REFUSALS[head.status](headers=headers)
    return Stream(answer.chunks, status_code=head.status, headers=headers, media_type=media_type)


CONTROLLERS = [FileController, MediaController, ContentController]
