"""Reading an uploaded file out of `multipart/form-data` (RFC 7578) while it arrives."""

from collections.abc import AsyncIterator
from dataclasses import dataclass

from multipart import (  # type: ignore[import-untyped]
    MultipartError,
    MultipartSegment,
    PushMultipartParser,
    parse_options_header,
)

from colonnade.errors import FieldError, InvalidRequest, UnsupportedMediaType, ValidationFailed

FIELD = "file"


@dataclass(frozen=True, slots=True)
class Upload:
    """File on its way; `name` and `declared_type` are the sender's words."""

    name: str
    declared_type: str
    chunks: AsyncIterator[bytes]


async def read_upload(content_type: str, body: AsyncIterator[bytes]) -> Upload:
    """Read the form's one file, as soon as its head has arrived.

    Raises:
        UnsupportedMediaType: the body is no form with files.
        InvalidRequest: the form is malformed.
        ValidationFailed: its first field is not the file.
    """
    media_type, options = parse_options_header(content_type[:1000])
    boundary = options.get("boundary", "")
    if media_type != "multipart/form-data" or not 0 < len(boundary) <= 200:
        raise UnsupportedMediaType("Send the file as multipart/form-data, in the field 'file'.")
    events = _events(boundary, body)
    async for event in events:
        if not isinstance(event, MultipartSegment):
            break
        if event.name != FIELD or event.filename is None:
            raise _not_a_file()
        return Upload(event.filename[-4096:], (event.content_type or "")[:200], _bytes(events))
    raise _not_a_file()


async def _bytes(events: AsyncIterator[object]) -> AsyncIterator[bytes]:
    async for event in events:
        if isinstance(event, MultipartSegment):
            raise ValidationFailed(fields=[FieldError("", "the form has one field", "extra")])
        if isinstance(event, (bytes, bytearray)):
            yield bytes(event)


async def _events(boundary: str, body: AsyncIterator[bytes]) -> AsyncIterator[object]:
    try:
        parser = PushMultipartParser(boundary, strict=True)
        async for chunk in body:
            if chunk:
                for event in parser.parse(chunk):
                    yield event
        parser.close()
    except MultipartError as error:
        raise InvalidRequest(f"The form is malformed: {error}.") from None


def _not_a_file() -> ValidationFailed:
    return ValidationFailed(
        fields=[
            FieldError(f"/{FIELD}", "must be the form's one field, with a file name", "missing")
        ]
    )
