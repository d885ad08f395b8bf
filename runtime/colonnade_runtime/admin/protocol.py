"""Protocol of the admin socket: lines of JSON, one call after the other.

A client sends a `Call` and, if it says `stream`, `Chunk`s until one is the last. The server sends
`Reply`s: any number that tell of progress, then one with an answer or an error.
"""

from typing import Annotated, Any, TypeVar

import msgspec

from colonnade.errors import ErrorRecord, InvalidRequest

MAXIMUM_LINE = 4 * 1024 * 1024
"""Bytes of one line; a longer one ends the connection."""

CHUNK = 256 * 1024
"""Bytes of a stream that travel in one line."""

MAXIMUM_SECONDS = 3600.0
"""Seconds that one call may take."""

StructT = TypeVar("StructT")


class Call(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One command by its name; `seconds` is how long its answer is waited for."""

    command: Annotated[str, msgspec.Meta(max_length=100)]
    arguments: msgspec.Raw = msgspec.Raw(b"{}")
    seconds: Annotated[float, msgspec.Meta(gt=0, le=MAXIMUM_SECONDS)] = 30.0
    stream: bool = False


class Chunk(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A part of a stream; base64 in JSON."""

    data: bytes = b""
    last: bool = False


class Progress(msgspec.Struct, frozen=True):
    """Progress of a call: `done` of `total` parts."""

    done: int
    total: int


class Reply(msgspec.Struct, frozen=True, omit_defaults=True):
    """Progress, or the end of a call: an answer or an error."""

    answer: msgspec.Raw = msgspec.Raw(b"")
    error: ErrorRecord | None = None
    progress: Progress | None = None


def line_of(message: Any) -> bytes:
    """A message as one line."""
    return msgspec.json.encode(message) + b"\n"


def read_line(line: bytes, kind: type[StructT]) -> StructT:
    """The message of a line, or the arguments of a command.

    Raises:
        InvalidRequest: it is none of this kind.
    """
    try:
        return msgspec.json.decode(line, type=kind)
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        raise InvalidRequest(f"This is no {kind.__name__}: {error}.") from None
