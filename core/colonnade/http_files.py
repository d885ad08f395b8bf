"""Uploads and downloads over HTTP: bytes that flow beside the message of an operation."""

from collections.abc import AsyncIterator, Sequence
from typing import Any, TypeVar

from litestar import Response
from litestar.response import Stream as StreamResponse

from colonnade.errors import ConfigurationError, ContentTooLarge, UnsupportedMediaType
from colonnade.files import FileHead
from colonnade.http_requests import AnyRequest, edge_of, read_fields, read_request
from colonnade.messages import Message, Request
from colonnade.operations import Operation, Stream

ResponseT = TypeVar("ResponseT", bound=Message)

FORM = "multipart/form-data"
OF_THE_FORM = ("name", "declared_type")
"""Fields of a request that the form of an upload fills, where the request has them."""


def require_stream(operation: Operation, stream: Stream) -> None:
    """Hold an operation against the route that it is bound to.

    Raises:
        ConfigurationError: it does not stream so, or answers a download without a `FileHead`.
    """
    if operation.stream is not stream:
        raise ConfigurationError(
            f"{operation.name} is bound as {stream}, and its stream is {operation.stream}: say "
            f"@operation(…, stream=Stream.{stream.name})."
        )
    if stream is Stream.DOWNLOAD and not issubclass(operation.response, FileHead):
        raise ConfigurationError(
            f"{operation.name} is bound as a download and answers {operation.response.__name__}: "
            "make it a Request[FileHead], of colonnade.files."
        )


async def send_file(request: AnyRequest, model: type[Request[Any]]) -> Response[Any]:
    """Ask a download and stream what it answers; 304 for who has these bytes (RFC 9110 §13.1.2)."""
    message = await read_request(request, model, has_body=False)
    answer = await edge_of(request).download(message)
    head = FileHead.model_validate(answer.head.model_dump())
    headers = head.headers
    if head.tag is not None and _has(request, head.tag):
        close = getattr(answer.chunks, "aclose", None)
        if close is not None:
            await close()
        headers.pop("Content-Length", None)
        return Response(None, status_code=304, headers=headers)
    return StreamResponse(answer.chunks, headers=headers, media_type=head.media_type)


async def take_file(
    request: AnyRequest,
    model: type[Request[ResponseT]],
    media_types: Sequence[str],
    maximum_body: int | None,
) -> ResponseT:
    """Ask an upload with the file of this HTTP request, as it arrives.

    Raises:
        UnsupportedMediaType: it is of none of `media_types`.
        ContentTooLarge: more than `maximum_body` bytes came.
    """
    content_type = request.headers.get("content-type", "")
    if FORM in media_types:
        # Only routes that take forms need their parser.
        from colonnade.uploads import read_upload

        form = await read_upload(content_type, request.stream())
        told = {"name": form.name, "declared_type": form.declared_type}
        more = {name: told[name] for name in OF_THE_FORM if name in model.model_fields}
        chunks = form.chunks
    else:
        _require_type(content_type, media_types)
        more, chunks = {}, request.stream()
    message = read_fields(request, model, more)
    return await edge_of(request).upload(message, _bounded(chunks, maximum_body))


async def _bounded(chunks: AsyncIterator[bytes], maximum: int | None) -> AsyncIterator[bytes]:
    size = 0
    async for chunk in chunks:
        size += len(chunk)
        if maximum is not None and size > maximum:
            raise ContentTooLarge(f"The file may have {maximum} bytes at most.")
        if chunk:
            yield chunk


def _require_type(content_type: str, media_types: Sequence[str]) -> None:
    given = content_type.partition(";")[0].strip().lower()
    if given not in media_types and "*/*" not in media_types:
        raise UnsupportedMediaType(
            f"Send the file with a Content-Type that is taken here: {', '.join(media_types)}."
        )


def _has(request: AnyRequest, tag: str) -> bool:
    named = request.headers.get("if-none-match", "").split(",")
    return any(each.strip().removeprefix("W/") in ("*", f'"{tag}"') for each in named)
