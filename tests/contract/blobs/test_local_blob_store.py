"""Failures that only the local folder has: the disk, and processes that die."""

from __future__ import annotations

import os
import resource
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from colonnade.blobs import BlobStorageFull
from colonnade_runtime.adapters.blobs.local import LocalBlobStore

WRITER = """
import asyncio, sys
from pathlib import Path
from colonnade_runtime.adapters.blobs.local import LocalBlobStore

async def body():
    yield b"x" * 200_000
    print("writing", flush=True)
    await asyncio.Event().wait()

asyncio.run(LocalBlobStore(Path(sys.argv[1]), "content").put("acme", "a", body(), limit=10**6))
"""


async def chunked(*chunks: bytes) -> AsyncIterator[bytes]:
    for chunk in chunks:
        yield chunk


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[LocalBlobStore]:
    store = LocalBlobStore(tmp_path, "content")
    await store.prepare()
    yield store
    await store.close()


def files_in(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


@contextmanager
def largest_file(size: int) -> Iterator[None]:
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@contextmanager
def process_that_writes(root: Path) -> Iterator[subprocess.Popen[str]]:
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    with subprocess.Popen(
        [sys.executable, "-c", WRITER, str(root)],
        stdout=subprocess.PIPE,
        env=environment,
        text=True,
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "writing\n"
        try:
            yield process
        finally:
            process.kill()


async def test_a_blob_lies_below_its_service_and_tenant(
    store: LocalBlobStore, tmp_path: Path
) -> None:
    await store.put("acme", "files/one", chunked(b"x"), limit=1)
    assert files_in(tmp_path) == [tmp_path / "content" / "acme" / "files" / "one.blob"]


async def test_services_do_not_share_blobs(store: LocalBlobStore, tmp_path: Path) -> None:
    other = LocalBlobStore(tmp_path, "course")
    await other.put("acme", "a", chunked(b"x"), limit=1)
    assert await store.list("acme") == ()
    await other.close()


async def test_a_disk_that_refuses_bytes_is_reported_and_left_clean(
    store: LocalBlobStore, tmp_path: Path
) -> None:
    with largest_file(100_000), pytest.raises(BlobStorageFull, match="no room left"):
        await store.put("acme", "a", chunked(b"x" * 90_000, b"x" * 90_000), limit=10**6)
    assert files_in(tmp_path) == []


async def test_the_reserve_of_the_disk_is_not_used(tmp_path: Path) -> None:
    store = LocalBlobStore(tmp_path, "content", keep_free=2**62)
    with pytest.raises(BlobStorageFull):
        await store.put("acme", "a", chunked(b"x"), limit=1)
    assert files_in(tmp_path) == []
    await store.close()


async def test_a_killed_process_leaves_nothing_after_the_next_start(tmp_path: Path) -> None:
    with process_that_writes(tmp_path) as process:
        process.send_signal(signal.SIGKILL)
        process.wait(10)
    assert len(files_in(tmp_path)) == 1
    store = LocalBlobStore(tmp_path, "content")
    assert await store.prepare() == 1
    assert files_in(tmp_path) == []
    await store.close()


async def test_a_start_leaves_the_uploads_of_living_processes_alone(tmp_path: Path) -> None:
    with process_that_writes(tmp_path):
        store = LocalBlobStore(tmp_path, "content")
        assert await store.prepare() == 0
        assert len(files_in(tmp_path)) == 1
        await store.close()


async def test_a_reader_that_walks_away_holds_no_file_open(
    store: LocalBlobStore, tmp_path: Path
) -> None:
    await store.put("acme", "a", chunked(b"x" * 200_000), limit=10**6)
    before = len(list(Path("/proc/self/fd").iterdir()))
    chunks = await store.open("acme", "a")
    await anext(chunks)
    await chunks.aclose()  # type: ignore[attr-defined]
    assert len(list(Path("/proc/self/fd").iterdir())) == before
