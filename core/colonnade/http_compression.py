"""Compression of JSON answers (RFC 9110 §8.4): brotli or gzip, as a client takes them.

What an answer holds beside a secret tells the secret by its compressed length, one guess after the
other (the attack called BREACH). So a route is compressed only where the contract knows no secret
in its answer, and where it has no entity tag that would have to differ by coding.
"""

import asyncio
import gzip
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from typing import Any, get_args

from litestar import Response
from pydantic import BaseModel

from colonnade.messages import Message
from colonnade.personal import Confidential, marked_fields

MINIMUM = 1024
"""Bytes below which an answer is sent as it is: it fits into one packet either way."""

INLINE = 64 * 1024
"""Bytes up to which compressing takes less than a hop to a thread and back is worth."""

_GZIP_LEVEL = 5
_BROTLI_QUALITY = 4


def holds_no_secret(answer: type[Message]) -> bool:
    """True when no field of the answer, at any depth, is marked `Confidential`."""
    return not any(marked_fields(model, Confidential) for model in _models(answer, set()))


async def compressed(response: Response[bytes], accepted: str | None) -> Response[bytes]:
    """The response in the coding that `Accept-Encoding` prefers, if it is worth it."""
    body = response.content
    if response.status_code != 200 or len(body) < MINIMUM:
        return response
    response.headers["Vary"] = "Accept-Encoding"
    coding = preferred_coding(accepted)
    if coding is not None:
        response.content = await coded(body, coding)
        response.headers["Content-Encoding"] = coding
    return response


async def coded(body: bytes, coding: str) -> bytes:
    """The body in a coding that `preferred_coding` named; a large one is compressed on a thread."""
    encode = _CODINGS[coding]
    return await asyncio.to_thread(encode, body) if len(body) > INLINE else encode(body)


def preferred_coding(accepted: str | None) -> str | None:
    """The coding that a client likes best of those known here, brotli before gzip; None for none
    (RFC 9110 §12.5.3)."""
    if not accepted:
        return None
    wishes = dict(_wishes(accepted[:500]))
    others = wishes.get("*", 0.0)
    liked = {name: wishes.get(name, others) for name in _CODINGS}
    best = max(liked, key=lambda name: liked[name])
    return best if liked[best] > 0 else None


def _wishes(accepted: str) -> Iterator[tuple[str, float]]:
    for part in accepted.lower().split(","):
        name, _, parameter = part.partition(";")
        weight = parameter.strip().removeprefix("q=") if parameter.strip() else "1"
        try:
            yield name.strip(), min(float(weight), 1.0)
        except ValueError:
            yield name.strip(), 0.0


def _gzip(body: bytes) -> bytes:
    # No time in the head: the same answer has the same bytes.
    return gzip.compress(body, _GZIP_LEVEL, mtime=0)


def _brotli(body: bytes) -> bytes:
    encoded: bytes = _brotli_library().compress(body, quality=_BROTLI_QUALITY)
    return encoded


@cache
def _brotli_library() -> Any:
    # Loaded with the first answer that needs it: most processes of tools never do.
    import brotli  # type: ignore[import-untyped]

    return brotli


_CODINGS: Mapping[str, Callable[[bytes], bytes]] = {"br": _brotli, "gzip": _gzip}


def _models(annotation: Any, seen: set[type[BaseModel]]) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        if annotation in seen:
            return
        seen.add(annotation)
        yield annotation
        for field in annotation.model_fields.values():
            yield from _models(field.annotation, seen)
    for argument in get_args(annotation):
        yield from _models(argument, seen)
