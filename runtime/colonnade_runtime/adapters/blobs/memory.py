"""Blobs in memory, for tests: gone with the process, otherwise as honest as a disk."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator
from datetime import UTC, datetime

from colonnade.blobs import CHUNK_BYTES, BlobInfo, BlobNotFound, BlobStat, BlobStorageFull
from colonnade_runtime.adapters.blobs.base import (
    CHUNK_TIMEOUT_SECONDS,
    BlobWriter,
    CheckedBlobStore,
)

DEFAULT_CAPACITY_BYTES = 256 * 1024 * 1024


class MemoryBlobStore(CheckedBlobStore):
    """Keeps at most ``capacity`` bytes of finished blobs."""

    def __init__(
        self,
        service: str,
        *,
        capacity: int = DEFAULT_CAPACITY_BYTES,
        chunk_timeout: float = CHUNK_TIMEOUT_SECONDS,
    ) -> None:
        super().__init__(service, chunk_timeout=chunk_timeout)
        self._capacity = capacity
        self._blobs: dict[tuple[str, str], tuple[bytes, datetime]] = {}

    async def _begin(self, tenant: str, key: str) -> BlobWriter:
        return _MemoryWriter(self, (tenant, key))

    async def _read(
        self, tenant: str, key: str, start: int, stop: int | None
    ) -> AsyncIterator[bytes]:
        data, _ = self._find(tenant, key)
        return _chunks(data, start, len(data) if stop is None else min(stop, len(data)))

    async def _stat(self, tenant: str, key: str) -> BlobStat:
        data, modified = self._find(tenant, key)
        return BlobStat(size=len(data), modified=modified)

    async def _delete(self, tenant: str, key: str) -> None:
        self._blobs.pop((tenant, key), None)

    async def _list(self, tenant: str, prefix: str, after: str, limit: int) -> tuple[str, ...]:
        keys = (key for owner, key in self._blobs if owner == tenant)
        return tuple(sorted(key for key in keys if key.startswith(prefix) and key > after)[:limit])

    async def close(self) -> None:
        """Forget everything."""
        self._blobs.clear()

    def require_room(self, wanted: int) -> None:
        """Raise ``BlobStorageFull`` when ``wanted`` more bytes exceed the capacity."""
        used = sum(len(data) for data, _ in self._blobs.values())
        if used + wanted > self._capacity:
            raise BlobStorageFull(
                f"The blob store of the {self.service} service is full: "
                f"{used} of {self._capacity} bytes are used."
            )

    def keep(self, place: tuple[str, str], data: bytes) -> None:
        """Make ``data`` what (tenant, key) holds."""
        self._blobs[place] = (data, datetime.now(UTC))

    def _find(self, tenant: str, key: str) -> tuple[bytes, datetime]:
        try:
            return self._blobs[tenant, key]
        except KeyError:
            raise BlobNotFound(f"There is no blob {key!r}.") from None


class _MemoryWriter(BlobWriter):
    def __init__(self, store: MemoryBlobStore, place: tuple[str, str]) -> None:
        self._store = store
        self._place = place
        self._data = bytearray()

    async def write(self, data: bytes) -> None:
        self._store.require_room(len(self._data) + len(data))
        self._data += data

    async def commit(self) -> BlobInfo:
        data = bytes(self._data)
        self._store.keep(self._place, data)
        return BlobInfo(size=len(data), sha256=hashlib.sha256(data).hexdigest())

    async def abort(self) -> None:
        self._data.clear()


async def _chunks(data: bytes, start: int, stop: int) -> AsyncIterator[bytes]:
    for offset in range(start, stop, CHUNK_BYTES):
        yield data[offset : min(offset + CHUNK_BYTES, stop)]
