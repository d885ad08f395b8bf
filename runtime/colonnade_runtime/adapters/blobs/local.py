"""Blobs as files in a local folder: ``<root>/<service>/<tenant>/<key>.blob``.

A key holds no dot, so the suffix keeps the blob ``a`` and the folder of ``a/b`` apart. Bytes arrive
in ``<root>/<service>/.incoming`` under an exclusive lock; a file there that nobody locks was left
by a process that died, whichever process it was.
"""

from __future__ import annotations

import asyncio
import errno
import fcntl
import hashlib
import os
import uuid
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from heapq import nsmallest
from pathlib import Path
from typing import BinaryIO, TypeVar

from colonnade.blobs import CHUNK_BYTES, BlobInfo, BlobNotFound, BlobStat, BlobStorageFull
from colonnade_runtime.adapters.blobs.base import (
    CHUNK_TIMEOUT_SECONDS,
    BlobWriter,
    CheckedBlobStore,
)

SUFFIX = ".blob"
INCOMING = ".incoming"
THREADS = 4

_FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
_Result = TypeVar("_Result")


class LocalBlobStore(CheckedBlobStore):
    """Keeps blobs in ``root``; ``keep_free`` bytes of the disk are never used for them."""

    def __init__(
        self,
        root: Path,
        service: str,
        *,
        keep_free: int = 0,
        chunk_timeout: float = CHUNK_TIMEOUT_SECONDS,
    ) -> None:
        super().__init__(service, chunk_timeout=chunk_timeout)
        self._root = root / service
        self._keep_free = keep_free
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix=f"blobs-{service}")

    async def prepare(self) -> int:
        """Create the folders, sweep what killed processes left, and say how many files that was."""
        return await self.in_thread(lambda: sweep(self._root / INCOMING))

    async def in_thread(self, work: Callable[[], _Result]) -> _Result:
        """Run blocking ``work`` in one of the store's threads.

        A cancelled caller still waits for the work to end, so that what it touches can be cleaned
        up without a race.
        """
        future = asyncio.get_running_loop().run_in_executor(self._threads, work)
        try:
            return await asyncio.shield(future)
        except asyncio.CancelledError:
            await asyncio.wait([future])
            raise

    async def close(self) -> None:
        """Wait for running work and end the threads."""
        await asyncio.to_thread(self._threads.shutdown, wait=True)

    async def _begin(self, tenant: str, key: str) -> BlobWriter:
        incoming = self._root / INCOMING
        target = self._path(tenant, key)
        writer = _LocalWriter(self, incoming / f"{tenant}-{uuid.uuid4().hex}", target)
        try:
            await self.in_thread(lambda: writer.create(self._keep_free))
        except BaseException:
            await writer.abort()
            raise
        return writer

    async def _read(
        self, tenant: str, key: str, start: int, stop: int | None
    ) -> AsyncIterator[bytes]:
        path = self._path(tenant, key)
        chunks = self._stream(path, key, start, stop)
        # Runs the generator up to the opened file: a missing blob is reported now, and the event
        # loop closes a generator that has started even when its reader walks away.
        await anext(chunks)
        return chunks

    async def _stream(
        self, path: Path, key: str, start: int, stop: int | None
    ) -> AsyncIterator[bytes]:
        with _reading(key):
            file = await self.in_thread(lambda: path.open("rb", buffering=0))
        try:
            yield b""
            position = start
            while stop is None or position < stop:
                wanted = CHUNK_BYTES if stop is None else min(CHUNK_BYTES, stop - position)
                chunk = await self.in_thread(_reader(file, position, wanted))
                if not chunk:
                    return
                position += len(chunk)
                yield chunk
        finally:
            file.close()

    async def _stat(self, tenant: str, key: str) -> BlobStat:
        path = self._path(tenant, key)
        with _reading(key):
            found = await self.in_thread(path.stat)
        return BlobStat(found.st_size, datetime.fromtimestamp(found.st_mtime, UTC))

    async def _delete(self, tenant: str, key: str) -> None:
        path = self._path(tenant, key)

        def forget() -> None:
            with suppress(FileNotFoundError, NotADirectoryError):
                path.unlink()
                _sync_folder(path.parent)

        await self.in_thread(forget)

    async def _list(self, tenant: str, prefix: str, after: str, limit: int) -> tuple[str, ...]:
        folder = self._root / tenant

        def collect() -> tuple[str, ...]:
            matching = (key for key in _keys(folder) if key.startswith(prefix) and key > after)
            return tuple(nsmallest(limit, matching))

        return await self.in_thread(collect)

    def _path(self, tenant: str, key: str) -> Path:
        return self._root / tenant / f"{key}{SUFFIX}"


class _LocalWriter(BlobWriter):
    """A locked file in the incoming folder that becomes the blob by one rename."""

    def __init__(self, store: LocalBlobStore, path: Path, target: Path) -> None:
        self._store = store
        self._path = path
        self._target = target
        self._file: BinaryIO | None = None
        self._digest = hashlib.sha256()
        self._size = 0

    def create(self, keep_free: int) -> None:
        with _writing():
            self._path.parent.mkdir(parents=True, exist_ok=True)
            _require_free(self._path.parent, keep_free)
            self._file = _create_locked(self._path)

    async def write(self, data: bytes) -> None:
        await self._store.in_thread(lambda: self._append(data))

    async def commit(self) -> BlobInfo:
        await self._store.in_thread(self._publish)
        return BlobInfo(self._size, self._digest.hexdigest())

    async def abort(self) -> None:
        await self._store.in_thread(self._discard)

    def _append(self, data: bytes) -> None:
        with _writing():
            self._open_file().write(data)
        self._digest.update(data)
        self._size += len(data)

    def _publish(self) -> None:
        file = self._open_file()
        with _writing():
            file.flush()
            os.fsync(file.fileno())
            _make_folder(self._target.parent)
            self._path.replace(self._target)
            _sync_folder(self._target.parent)
        file.close()

    def _discard(self) -> None:
        self._path.unlink(missing_ok=True)
        if self._file is not None:
            # Closing would try to write what a full disk refused; the file is gone already.
            with suppress(OSError):
                self._file.close()

    def _open_file(self) -> BinaryIO:
        if self._file is None:
            raise RuntimeError("A blob was written to before its file was created.")
        return self._file


@contextmanager
def _reading(key: str) -> Iterator[None]:
    try:
        yield
    except (FileNotFoundError, NotADirectoryError) as error:
        raise BlobNotFound(f"There is no blob {key!r}.") from error


@contextmanager
def _writing() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if error.errno not in _FULL:
            raise
        raise BlobStorageFull(
            "There is no room left for uploads on the server's disk; nothing was kept. "
            "Free some space and try again."
        ) from error


def sweep(incoming: Path) -> int:
    """Remove the files in ``incoming`` that no living process is writing; say how many."""
    incoming.mkdir(parents=True, exist_ok=True)
    return sum(_remove_if_abandoned(path) for path in incoming.iterdir() if path.is_file())


def _remove_if_abandoned(path: Path) -> bool:
    with suppress(FileNotFoundError, BlockingIOError), path.open("rb") as file:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        path.unlink()
        return True
    return False


def _create_locked(path: Path) -> BinaryIO:
    # A sweep of another process may fall between creating and locking; then the name is gone.
    while True:
        file = path.open("xb")
        fcntl.flock(file, fcntl.LOCK_EX)
        with suppress(FileNotFoundError):
            if os.path.samestat(path.stat(), os.fstat(file.fileno())):
                return file
        file.close()


def _require_free(folder: Path, keep_free: int) -> None:
    disk = os.statvfs(folder)
    if disk.f_bavail * disk.f_frsize < keep_free:
        raise OSError(errno.ENOSPC, "The disk's reserve is reached", str(folder))


def _reader(file: BinaryIO, position: int, size: int) -> Callable[[], bytes]:
    return lambda: os.pread(file.fileno(), size, position)


def _make_folder(folder: Path) -> None:
    if folder.is_dir():
        return
    _make_folder(folder.parent)
    folder.mkdir(exist_ok=True)
    _sync_folder(folder.parent)


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _keys(folder: Path) -> Iterator[str]:
    for place, _, names in os.walk(folder):
        relative = Path(place).relative_to(folder).as_posix()
        for name in names:
            if name.endswith(SUFFIX):
                stem = name.removesuffix(SUFFIX)
                yield stem if relative == "." else f"{relative}/{stem}"
