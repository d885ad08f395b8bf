"""The blob port: where a service keeps bytes too large for a row.

A store is bound to one service when it is built. Every call names the tenant, and what one tenant
keeps cannot be reached through another's name: the two never share a prefix.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar, Protocol, runtime_checkable

from colonnade.errors import ColonnadeError, ContentTooLarge

CHUNK_BYTES = 64 * 1024
"""The size of the pieces a blob is read in, in bytes; the last one may be shorter."""

MAXIMUM_KEY_LENGTH = 200
MAXIMUM_SEGMENT_LENGTH = 100
MAXIMUM_LIST_LENGTH = 1000

_SEGMENT = f"[a-z0-9_-]{{1,{MAXIMUM_SEGMENT_LENGTH}}}"
_KEY = re.compile(rf"{_SEGMENT}(?:/{_SEGMENT})*")
_PREFIX = re.compile(r"[a-z0-9/_-]*")
_TENANT = re.compile(r"[a-z][a-z0-9-]{1,38}[a-z0-9]")
_SERVICE = re.compile(r"[a-z][a-z0-9_-]{0,62}")


class BlobError(Exception):
    """Error of a blob store; the message is a sentence for the person who can act."""


class BlobNotFound(BlobError):
    """The tenant keeps no blob under this key.

    Not a ``NotFound``: a row that names a blob which is gone is a fault of the platform.
    """


class BlobKeyInvalid(BlobError, ValueError):
    """The key, prefix, tenant or service name is not one a blob store accepts."""


class BlobTooLarge(BlobError, ContentTooLarge):
    """The bytes offered exceed the limit; nothing of them was kept."""


class BlobStorageFull(BlobError, ColonnadeError):
    """The medium has no room left; nothing of the blob was kept."""

    code: ClassVar[str] = "storage_full"
    status: ClassVar[int] = 507
    title: ClassVar[str] = "No room left"


class BlobStalled(BlobError, ColonnadeError):
    """The sender fell silent for too long in the middle of a blob; nothing of it was kept."""

    code: ClassVar[str] = "upload_stalled"
    status: ClassVar[int] = 408
    title: ClassVar[str] = "The upload stopped"


@dataclass(frozen=True, slots=True)
class BlobInfo:
    """Receipt of a write: ``size`` in bytes and ``sha256`` in lower-case hexadecimal."""

    size: int
    sha256: str


@dataclass(frozen=True, slots=True)
class BlobStat:
    """Entry under a key: ``size`` in bytes, ``modified`` in UTC."""

    size: int
    modified: datetime


@runtime_checkable
class BlobStore(Protocol):
    """Keeps the blobs of one service, apart for each tenant.

    Keys are ``[a-z0-9_-]`` segments joined by ``/``, at most ``MAXIMUM_KEY_LENGTH`` characters. A
    method raises ``BlobKeyInvalid`` for anything else, before it touches the medium.
    """

    async def put(
        self, tenant: str, key: str, chunks: AsyncIterator[bytes], *, limit: int
    ) -> BlobInfo:
        """Keep the bytes of ``chunks`` under ``key``, replacing what was there in one step.

        Readers see the old blob or the new one, never a part. When this call raises or is
        cancelled, the old blob is untouched and nothing of the new one remains; only a call
        cancelled in its very last step may have kept the new blob, whole.

        Raises:
            BlobTooLarge: more than ``limit`` bytes came.
            BlobStorageFull: the medium is full.
            BlobStalled: the next chunk did not come in time.
        """
        ...

    async def open(
        self, tenant: str, key: str, *, start: int = 0, stop: int | None = None
    ) -> AsyncIterator[bytes]:
        """Read the bytes ``[start, stop)`` in chunks of ``CHUNK_BYTES``.

        A blob deleted or replaced after this call returned is still read to its end. An offset
        past the end reads as the end, as in a slice.

        Raises:
            BlobNotFound: there is no such blob.
            ValueError: ``start`` is negative or after ``stop``.
        """
        ...

    async def stat(self, tenant: str, key: str) -> BlobStat:
        """Say how large the blob is and when it was written.

        Raises:
            BlobNotFound: there is no such blob.
        """
        ...

    async def delete(self, tenant: str, key: str) -> None:
        """Forget the blob; forgetting one that is not there is no error."""
        ...

    async def list(
        self, tenant: str, prefix: str = "", *, after: str = "", limit: int = MAXIMUM_LIST_LENGTH
    ) -> tuple[str, ...]:
        """Name the keys that start with ``prefix`` and sort after ``after``, in order.

        At most ``limit`` of them, itself at most ``MAXIMUM_LIST_LENGTH``; the last key is the
        ``after`` of the next call.
        """
        ...

    async def close(self) -> None:
        """Let go of threads and handles; the store answers no call afterwards."""
        ...


def require_key(key: str) -> str:
    """Return ``key`` when a blob may bear it.

    Raises:
        BlobKeyInvalid: it holds other characters, an empty segment, or is too long.
    """
    if len(key) > MAXIMUM_KEY_LENGTH or not _KEY.fullmatch(key):
        raise BlobKeyInvalid(
            f"{_shown(key)} is not a blob key: use segments of a-z, 0-9, '_' and '-' joined by "
            f"'/', at most {MAXIMUM_KEY_LENGTH} characters in all."
        )
    return key


def require_prefix(prefix: str) -> str:
    """Return ``prefix`` when keys may start with it; the empty one starts them all.

    Raises:
        BlobKeyInvalid: no key could start with it.
    """
    if len(prefix) > MAXIMUM_KEY_LENGTH or not _PREFIX.fullmatch(prefix):
        raise BlobKeyInvalid(f"{_shown(prefix)} cannot start a blob key: use a-z, 0-9, '/_-'.")
    return prefix


def require_tenant(tenant: str) -> str:
    """Return ``tenant`` when it is a tenant id.

    Raises:
        BlobKeyInvalid: it is not, so no blob is read or written on its behalf.
    """
    if not _TENANT.fullmatch(tenant):
        raise BlobKeyInvalid(f"{_shown(tenant)} is not a tenant id; no blob is kept without one.")
    return tenant


def require_service(service: str) -> str:
    """Return ``service`` when it is a service's name.

    Raises:
        BlobKeyInvalid: it is not.
    """
    if not _SERVICE.fullmatch(service):
        raise BlobKeyInvalid(f"{_shown(service)} is not a service name; a blob store needs one.")
    return service


def _shown(text: str) -> str:
    return repr(text if len(text) <= 60 else text[:57] + "...")
