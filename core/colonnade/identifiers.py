"""Identifiers: UUIDv7 for rows and messages, a label for tenants."""

import os
import re
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Annotated
from uuid import UUID

from pydantic import StringConstraints

TENANT_ID_PATTERN = r"^[a-z][a-z0-9-]{1,38}[a-z0-9]$"
"""A tenant id is also a file name, a subject token, a schema and a host label."""

TenantId = Annotated[str, StringConstraints(pattern=TENANT_ID_PATTERN)]

_TENANT_ID = re.compile(TENANT_ID_PATTERN.rstrip("$") + r"\Z")


_UUID_TEXT = r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"

MAXIMUM_LISTED_IDS = 100
"""Ids that one request may list: as many as a page has items."""

IdList = Annotated[
    str,
    StringConstraints(
        pattern=rf"^{_UUID_TEXT}(,{_UUID_TEXT}){{0,{MAXIMUM_LISTED_IDS - 1}}}$",
        max_length=37 * MAXIMUM_LISTED_IDS - 1,
    ),
]
"""Ids in one query parameter, separated by commas; `listed_ids` reads them."""


def listed_ids(text: str) -> list[UUID]:
    """The ids of an `IdList`, each once, in order."""
    return list(dict.fromkeys(UUID(part) for part in text.split(",")))


def is_tenant_id(text: str) -> bool:
    """Tell whether `text` may be a tenant id."""
    return _TENANT_ID.match(text) is not None


class _Sequence:
    """Keeps UUIDs of one process in order within a millisecond (RFC 9562 §6.2, method 1)."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._last_millisecond = 0
        self._counter = 0

    def next(self) -> tuple[int, int]:
        with self._lock:
            millisecond = time.time_ns() // 1_000_000
            if millisecond > self._last_millisecond:
                self._last_millisecond = millisecond
                # From the lower half, so that a millisecond has room for 2,048 more.
                self._counter = int.from_bytes(os.urandom(2), "big") & 0x7FF
            else:
                # Also when the clock was set back: ids of one process stay in order all the same.
                self._counter += 1
                if self._counter > 0xFFF:
                    self._last_millisecond += 1
                    self._counter = 0
            return self._last_millisecond, self._counter


class _Entropy:
    """Random bytes from the system, many at a time: asking for a few costs as much as for many."""

    SIZE = 2048

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._bytes = b""
        os.register_at_fork(after_in_child=self._forget)

    def number(self) -> int:
        """64 random bits that nobody else got."""
        with self._lock:
            if not self._bytes:
                self._bytes = os.urandom(self.SIZE)
            taken, self._bytes = self._bytes[:8], self._bytes[8:]
        return int.from_bytes(taken, "big")

    def _forget(self) -> None:
        # A child must not give out what its parent will.
        self._lock = threading.Lock()
        self._bytes = b""


_sequence = _Sequence()
_entropy = _Entropy()


def uuid7(millisecond: int, counter: int, random: int) -> UUID:
    """The UUIDv7 (RFC 9562 §5.7) of a Unix time, a 12-bit counter and 62 random bits."""
    value = (millisecond & ((1 << 48) - 1)) << 80
    value |= 0x7 << 76
    value |= counter << 64
    value |= 0b10 << 62
    value |= random
    return UUID(int=value)


def _made() -> UUID:
    millisecond, counter = _sequence.next()
    return uuid7(millisecond, counter, _entropy.number() & ((1 << 62) - 1))


@dataclass(slots=True)
class _Source:
    make: Callable[[], UUID] = _made


_source = _Source()


def new_id() -> UUID:
    """A new UUIDv7 (RFC 9562 §5.7): sorted by creation time, strictly within one process."""
    return _source.make()


@contextmanager
def identifiers_from(make: Callable[[], UUID]) -> Iterator[None]:
    """Replace `new_id` by `make` within the block, for the whole process: simulations own ids that
    way."""
    before, _source.make = _source.make, make
    try:
        yield
    finally:
        _source.make = before
