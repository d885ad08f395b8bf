"""Base of the blob adapters: checking names, counting bytes, leaving nothing behind."""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator

from colonnade.blobs import (
    CHUNK_BYTES,
    MAXIMUM_LIST_LENGTH,
    BlobInfo,
    BlobStalled,
    BlobStat,
    BlobTooLarge,
    require_key,
    require_prefix,
    require_service,
    require_tenant,
)

CHUNK_TIMEOUT_SECONDS = 30.0


class BlobWriter(ABC):
    """One blob on its way in; exactly one of ``commit`` and ``abort`` ends it."""

    @abstractmethod
    async def write(self, data: bytes) -> None:
        """Append bytes."""

    @abstractmethod
    async def commit(self) -> BlobInfo:
        """Make the blob visible under its key, durably, in one step."""

    @abstractmethod
    async def abort(self) -> None:
        """Remove every trace of what was written."""


class CheckedBlobStore(ABC):
    """A ``BlobStore`` whose arguments are checked here and whose bytes an adapter moves.

    ``chunk_timeout`` is how many seconds a sender may be silent within one ``put``.
    """

    def __init__(self, service: str, *, chunk_timeout: float = CHUNK_TIMEOUT_SECONDS) -> None:
        self.service = require_service(service)
        self._chunk_timeout = chunk_timeout

    async def put(
        self, tenant: str, key: str, chunks: AsyncIterator[bytes], *, limit: int
    ) -> BlobInfo:
        """Keep the bytes under ``key``; see ``BlobStore.put``."""
        writer = await self._begin(require_tenant(tenant), require_key(key))
        try:
            await self._receive(writer, chunks, limit)
            return await writer.commit()
        except BaseException:
            await writer.abort()
            raise

    async def open(
        self, tenant: str, key: str, *, start: int = 0, stop: int | None = None
    ) -> AsyncIterator[bytes]:
        """Read ``[start, stop)``; see ``BlobStore.open``."""
        if start < 0 or (stop is not None and stop < start):
            raise ValueError(f"A blob cannot be read from byte {start} to byte {stop}.")
        return await self._read(require_tenant(tenant), require_key(key), start, stop)

    async def stat(self, tenant: str, key: str) -> BlobStat:
        """Describe the blob; see ``BlobStore.stat``."""
        return await self._stat(require_tenant(tenant), require_key(key))

    async def delete(self, tenant: str, key: str) -> None:
        """Forget the blob; see ``BlobStore.delete``."""
        await self._delete(require_tenant(tenant), require_key(key))

    async def list(
        self, tenant: str, prefix: str = "", *, after: str = "", limit: int = MAXIMUM_LIST_LENGTH
    ) -> tuple[str, ...]:
        """Name the keys; see ``BlobStore.list``."""
        if not 1 <= limit <= MAXIMUM_LIST_LENGTH:
            raise ValueError(f"A list holds 1 to {MAXIMUM_LIST_LENGTH} keys, not {limit}.")
        require_prefix(after)
        return await self._list(require_tenant(tenant), require_prefix(prefix), after, limit)

    async def _receive(self, writer: BlobWriter, chunks: AsyncIterator[bytes], limit: int) -> None:
        pending = bytearray()
        received = 0
        iterator = aiter(chunks)
        while (chunk := await self._next(iterator)) is not None:
            received += len(chunk)
            if received > limit:
                raise BlobTooLarge(
                    f"The upload exceeds the limit of {limit} bytes.", details={"limit": limit}
                )
            pending += chunk
            if len(pending) >= CHUNK_BYTES:
                await writer.write(bytes(pending))
                pending.clear()
        if pending:
            await writer.write(bytes(pending))

    async def _next(self, iterator: AsyncIterator[bytes]) -> bytes | None:
        deadline = asyncio.timeout(self._chunk_timeout)
        try:
            async with deadline:
                return await anext(iterator, None)
        except TimeoutError as error:
            if not deadline.expired():
                raise
            raise BlobStalled(
                f"The upload stopped: no bytes came for {self._chunk_timeout:g} seconds."
            ) from error

    @abstractmethod
    async def _begin(self, tenant: str, key: str) -> BlobWriter: ...

    @abstractmethod
    async def _read(
        self, tenant: str, key: str, start: int, stop: int | None
    ) -> AsyncIterator[bytes]: ...

    @abstractmethod
    async def _stat(self, tenant: str, key: str) -> BlobStat: ...

    @abstractmethod
    async def _delete(self, tenant: str, key: str) -> None: ...

    @abstractmethod
    async def _list(self, tenant: str, prefix: str, after: str, limit: int) -> tuple[str, ...]: ...

    @abstractmethod
    async def close(self) -> None:
        """Let go of threads and handles."""
