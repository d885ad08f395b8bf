"""Conditional and range requests for one file, as RFC 9110 says.

Several ranges in one request are answered with the whole file, which §14.2 allows, unless only one
of them can be satisfied; multipart answers help nobody who downloads or plays a file and are a
known way to make a server work hard.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime, parsedate_to_datetime

MAXIMUM_HEADER_LENGTH = 1000
MAXIMUM_RANGES = 32

_RANGES = re.compile(r"\s*bytes\s*=\s*(?P<specifiers>.*)", re.IGNORECASE)
_SPECIFIER = re.compile(r"(?P<first>[0-9]*)-(?P<last>[0-9]*)")
_ENTITY_TAG = re.compile(r'(?P<weak>W/)?(?P<tag>"[\x21\x23-\x7e\x80-\xff]*")')
# RFC 9110 §8.8.2.2: a date validates strongly when it is older than the clock can blur.
_SETTLED = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class RangePlan:
    """The answer to give: send the bytes ``[start, stop)`` with ``status`` and ``headers``.

    The body is empty, and ``start == stop``, for 304, 412 and 416.
    """

    status: int
    start: int
    stop: int
    headers: dict[str, str] = field(default_factory=dict)

    @property
    def length(self) -> int:
        """Length of the body in bytes."""
        return self.stop - self.start


def evaluate(
    headers: Mapping[str, str],
    size: int,
    etag: str,
    modified: datetime | None = None,
    *,
    method: str = "GET",
    now: datetime | None = None,
) -> RangePlan:
    """Decide what a GET or HEAD for one file is answered with (RFC 9110 §13.2.2, §14.2).

    Args:
        headers: the request's; names in any case.
        size: of the file, in bytes.
        etag: the entity tag with its quotes; one that starts with ``W/`` is weak.
        modified: when the file was last changed, or None when that is not known.
        method: ``Range`` means nothing but for GET.
        now: the time to judge dates by; the current one when None.
    """
    request = {name.lower(): value for name, value in headers.items()}
    second = modified.astimezone(UTC).replace(microsecond=0) if modified else None
    answer = {"Accept-Ranges": "bytes", "ETag": etag}
    if second:
        answer["Last-Modified"] = format_datetime(second, usegmt=True)
    refusal = _refusal(request, etag, second)
    if refusal:
        return RangePlan(refusal, 0, 0, answer)
    whole = RangePlan(200, 0, size, answer | {"Content-Length": str(size)})
    specifiers = _requested(request.get("range", ""))
    if method != "GET" or not specifiers:
        return whole
    if not _range_still_applies(request.get("if-range"), etag, second, now or datetime.now(UTC)):
        return whole
    return _partial(specifiers, size, whole, answer)


def _partial(
    specifiers: list[tuple[int | None, int | None]],
    size: int,
    whole: RangePlan,
    answer: dict[str, str],
) -> RangePlan:
    spans = list(_satisfiable(specifiers, size))
    if not spans:
        unsatisfied = {"Content-Range": f"bytes */{size}", "Content-Length": "0"}
        return RangePlan(416, 0, 0, answer | unsatisfied)
    start, stop = spans[0]
    if len(spans) > 1 or start == stop:
        return whole
    described = {
        "Content-Range": f"bytes {start}-{stop - 1}/{size}",
        "Content-Length": str(stop - start),
    }
    return RangePlan(206, start, stop, answer | described)


def _refusal(request: Mapping[str, str], etag: str, modified: datetime | None) -> int | None:
    if "if-match" in request:
        if not _names(request["if-match"], etag, strong=True):
            return 412
    elif "if-unmodified-since" in request:
        since = _date(request["if-unmodified-since"])
        if since and modified and modified > since:
            return 412
    if "if-none-match" in request:
        return 304 if _names(request["if-none-match"], etag, strong=False) else None
    since = _date(request.get("if-modified-since", ""))
    return 304 if since and modified and modified <= since else None


def _names(condition: str, etag: str, *, strong: bool) -> bool:
    """Compare entity tags as RFC 9110 §8.8.3.2 says: a weak one never matches strongly."""
    if condition.strip() == "*":
        return True
    ours = _ENTITY_TAG.fullmatch(etag)
    if ours is None or (strong and ours["weak"]):
        return False
    candidates = _ENTITY_TAG.finditer(condition[:MAXIMUM_HEADER_LENGTH])
    return any(
        candidate["tag"] == ours["tag"] and not (strong and candidate["weak"])
        for candidate in candidates
    )


def _range_still_applies(
    condition: str | None, etag: str, modified: datetime | None, now: datetime
) -> bool:
    if condition is None:
        return True
    condition = condition.strip()
    if _ENTITY_TAG.fullmatch(condition):
        return _names(condition, etag, strong=True)
    date = _date(condition)
    if date is None or modified is None:
        return False
    return date == modified and now - modified >= _SETTLED


def _requested(header: str) -> list[tuple[int | None, int | None]]:
    """Read ``bytes=0-99, 200-, -5``; empty when it is malformed, in another unit or excessive."""
    if len(header) > MAXIMUM_HEADER_LENGTH:
        return []
    found = _RANGES.fullmatch(header)
    if found is None:
        return []
    # RFC 9110 §5.6.1.2: a recipient accepts empty list elements.
    parts = [part.strip() for part in found["specifiers"].split(",") if part.strip()]
    specifiers = [_specifier(part) for part in parts[: MAXIMUM_RANGES + 1]]
    if len(specifiers) > MAXIMUM_RANGES:
        return []
    valid = [specifier for specifier in specifiers if specifier is not None]
    return valid if len(valid) == len(specifiers) else []


def _specifier(text: str) -> tuple[int | None, int | None] | None:
    found = _SPECIFIER.fullmatch(text)
    if found is None or text == "-":
        return None
    first = int(found["first"]) if found["first"] else None
    last = int(found["last"]) if found["last"] else None
    if first is not None and last is not None and last < first:
        return None
    return first, last


def _satisfiable(
    specifiers: list[tuple[int | None, int | None]], size: int
) -> Iterator[tuple[int, int]]:
    for first, last in specifiers:
        if first is None:
            if last:
                yield max(0, size - last), size
        elif first < size:
            yield first, size if last is None else min(last + 1, size)


def _date(text: str) -> datetime | None:
    try:
        found = parsedate_to_datetime(text[:100])
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
