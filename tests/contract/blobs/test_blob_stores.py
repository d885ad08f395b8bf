"""The contract of the blob port, against every adapter that ships."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from colonnade.blobs import (
    CHUNK_BYTES,
    BlobKeyInvalid,
    BlobNotFound,
    BlobStalled,
    BlobStorageFull,
    BlobStore,
    BlobTooLarge,
)
from colonnade_runtime.adapters.blobs.local import LocalBlobStore
from colonnade_runtime.adapters.blobs.memory import MemoryBlobStore

MEGABYTE = 1024 * 1024


async def chunked(*chunks: bytes) -> AsyncIterator[bytes]:
    for chunk in chunks:
        yield chunk


async def content(store: BlobStore, key: str, start: int = 0, stop: int | None = None) -> bytes:
    chunks = await store.open("acme", key, start=start, stop=stop)
    return b"".join([chunk async for chunk in chunks])


class BlobStoreContract:
    """Contract of every blob store; an adapter's test class adds the ``store`` fixture."""

    async def test_what_was_put_is_read_back_whole(self, store: BlobStore) -> None:
        data = bytes(range(256)) * 1024
        await store.put("acme", "files/one", chunked(data[:1000], data[1000:]), limit=MEGABYTE)
        assert await content(store, "files/one") == data

    async def test_put_reports_size_and_digest(self, store: BlobStore) -> None:
        info = await store.put("acme", "a", chunked(b"col", b"onnade"), limit=9)
        assert info.size == 9
        assert info.sha256 == hashlib.sha256(b"colonnade").hexdigest()

    async def test_an_empty_blob_is_a_blob(self, store: BlobStore) -> None:
        await store.put("acme", "empty", chunked(), limit=0)
        assert await content(store, "empty") == b""
        assert (await store.stat("acme", "empty")).size == 0

    async def test_reading_yields_chunks_of_bounded_size(self, store: BlobStore) -> None:
        await store.put("acme", "a", chunked(b"x" * (CHUNK_BYTES * 2 + 1)), limit=MEGABYTE)
        sizes = [len(chunk) async for chunk in await store.open("acme", "a")]
        assert sizes == [CHUNK_BYTES, CHUNK_BYTES, 1]

    @pytest.mark.parametrize(
        ("start", "stop"), [(0, None), (3, 7), (7, 7), (9, None), (10, 50), (0, 500), (600, 700)]
    )
    async def test_a_range_reads_as_a_slice(
        self, store: BlobStore, start: int, stop: int | None
    ) -> None:
        await store.put("acme", "a", chunked(b"0123456789"), limit=10)
        assert await content(store, "a", start, stop) == b"0123456789"[start:stop]

    async def test_a_range_that_ends_before_it_starts_is_refused(self, store: BlobStore) -> None:
        await store.put("acme", "a", chunked(b"0123456789"), limit=10)
        with pytest.raises(ValueError, match="from byte 5 to byte 2"):
            await store.open("acme", "a", start=5, stop=2)

    async def test_a_put_replaces_the_blob(self, store: BlobStore) -> None:
        await store.put("acme", "a", chunked(b"a longer first one"), limit=100)
        await store.put("acme", "a", chunked(b"second"), limit=100)
        assert await content(store, "a") == b"second"

    async def test_stat_tells_size_and_time_in_utc(self, store: BlobStore) -> None:
        await store.put("acme", "a", chunked(b"12345"), limit=5)
        stat = await store.stat("acme", "a")
        assert stat.size == 5
        assert abs(stat.modified - datetime.now(UTC)) < timedelta(minutes=1)

    async def test_a_missing_blob_is_not_found_when_opened(self, store: BlobStore) -> None:
        with pytest.raises(BlobNotFound):
            await store.open("acme", "nothing")

    async def test_a_missing_blob_is_not_found_by_stat(self, store: BlobStore) -> None:
        with pytest.raises(BlobNotFound):
            await store.stat("acme", "nothing/here")

    async def test_a_deleted_blob_is_gone(self, store: BlobStore) -> None:
        await store.put("acme", "a", chunked(b"x"), limit=1)
        await store.delete("acme", "a")
        with pytest.raises(BlobNotFound):
            await store.open("acme", "a")

    async def test_deleting_what_is_not_there_is_no_error(self, store: BlobStore) -> None:
        await store.delete("acme", "never/was")

    async def test_a_reader_finishes_a_blob_deleted_meanwhile(self, store: BlobStore) -> None:
        await store.put("acme", "a", chunked(b"x" * 3 * CHUNK_BYTES), limit=MEGABYTE)
        chunks = await store.open("acme", "a")
        first = await anext(chunks)
        await store.delete("acme", "a")
        assert len(first) + sum([len(chunk) async for chunk in chunks]) == 3 * CHUNK_BYTES

    async def test_a_tenant_cannot_read_anothers_blob(self, store: BlobStore) -> None:
        await store.put("acme", "a", chunked(b"secret"), limit=6)
        with pytest.raises(BlobNotFound):
            await store.open("globex", "a")

    async def test_a_tenant_cannot_delete_or_list_anothers_blob(self, store: BlobStore) -> None:
        await store.put("acme", "a", chunked(b"secret"), limit=6)
        await store.delete("globex", "a")
        assert await store.list("globex") == ()
        assert await content(store, "a") == b"secret"

    async def test_list_names_keys_in_order_by_prefix(self, store: BlobStore) -> None:
        for key in ("b", "a/2", "a/1", "a", "ab"):
            await store.put("acme", key, chunked(b"x"), limit=1)
        assert await store.list("acme") == ("a", "a/1", "a/2", "ab", "b")
        assert await store.list("acme", "a/") == ("a/1", "a/2")
        assert await store.list("acme", "a") == ("a", "a/1", "a/2", "ab")

    async def test_list_goes_on_after_the_last_key(self, store: BlobStore) -> None:
        for key in ("a", "b", "c"):
            await store.put("acme", key, chunked(b"x"), limit=1)
        assert await store.list("acme", limit=2) == ("a", "b")
        assert await store.list("acme", after="b", limit=2) == ("c",)

    async def test_bytes_up_to_the_limit_are_kept(self, store: BlobStore) -> None:
        await store.put("acme", "a", chunked(b"12345"), limit=5)
        assert await content(store, "a") == b"12345"

    async def test_a_byte_over_the_limit_leaves_nothing(self, store: BlobStore) -> None:
        with pytest.raises(BlobTooLarge, match="limit of 100000 bytes"):
            await store.put("acme", "a", chunked(b"x" * 100_000, b"y"), limit=100_000)
        assert await store.list("acme") == ()

    async def test_a_failing_sender_leaves_the_old_blob(self, store: BlobStore) -> None:
        async def breaks() -> AsyncIterator[bytes]:
            yield b"y" * 2 * CHUNK_BYTES
            raise ConnectionResetError

        await store.put("acme", "a", chunked(b"old"), limit=3)
        with pytest.raises(ConnectionResetError):
            await store.put("acme", "a", breaks(), limit=MEGABYTE)
        assert await content(store, "a") == b"old"

    async def test_a_cancelled_put_leaves_nothing(self, store: BlobStore) -> None:
        waiting = asyncio.Event()

        async def hangs() -> AsyncIterator[bytes]:
            yield b"y" * 2 * CHUNK_BYTES
            waiting.set()
            await asyncio.Event().wait()

        upload = asyncio.create_task(store.put("acme", "a", hangs(), limit=MEGABYTE))
        await asyncio.wait_for(waiting.wait(), 5)
        upload.cancel()
        with pytest.raises(asyncio.CancelledError):
            await upload
        assert await store.list("acme") == ()

    @pytest.mark.parametrize(
        "key",
        [
            *("", "/", "a/", "/a", "a//b", "../a", "a/../b", ".", "A", "a.b", "a b", "é"),
            *("a\0", "a\n", "a" * 101, "a/" * 100 + "a"),
        ],
    )
    async def test_a_key_outside_the_alphabet_is_refused(self, store: BlobStore, key: str) -> None:
        with pytest.raises(BlobKeyInvalid):
            await store.put("acme", key, chunked(b"x"), limit=1)
        with pytest.raises(BlobKeyInvalid):
            await store.open("acme", key)

    @pytest.mark.parametrize("tenant", ["", "..", ".incoming", "a/b", "Acme", "acme\n", "a" * 41])
    async def test_a_tenant_that_is_no_tenant_id_is_refused(
        self, store: BlobStore, tenant: str
    ) -> None:
        with pytest.raises(BlobKeyInvalid):
            await store.put(tenant, "a", chunked(b"x"), limit=1)
        with pytest.raises(BlobKeyInvalid):
            await store.list(tenant)

    async def test_concurrent_puts_leave_one_whole_blob(self, store: BlobStore) -> None:
        bodies = [bytes([65 + number]) * (CHUNK_BYTES + number) for number in range(8)]
        await asyncio.gather(
            *(store.put("acme", "a", chunked(body), limit=MEGABYTE) for body in bodies)
        )
        assert await content(store, "a") in bodies

    async def test_it_is_a_blob_store(self, store: BlobStore) -> None:
        assert isinstance(store, BlobStore)


class TestMemory(BlobStoreContract):
    @pytest.fixture
    async def store(self) -> AsyncIterator[BlobStore]:
        store = MemoryBlobStore("content")
        yield store
        await store.close()

    async def test_a_full_store_says_so_and_keeps_nothing(self) -> None:
        store = MemoryBlobStore("content", capacity=10)
        with pytest.raises(BlobStorageFull, match="is full"):
            await store.put("acme", "a", chunked(b"x" * 11), limit=100)
        assert await store.list("acme") == ()


class TestLocal(BlobStoreContract):
    @pytest.fixture
    async def store(self, tmp_path: Path) -> AsyncIterator[BlobStore]:
        store = LocalBlobStore(tmp_path, "content")
        await store.prepare()
        yield store
        await store.close()


@pytest.mark.parametrize("adapter", [MemoryBlobStore, LocalBlobStore])
async def test_a_sender_that_falls_silent_is_given_up(adapter: type, tmp_path: Path) -> None:
    store = (
        MemoryBlobStore("content", chunk_timeout=0.01)
        if adapter is MemoryBlobStore
        else LocalBlobStore(tmp_path, "content", chunk_timeout=0.01)
    )

    async def silent() -> AsyncIterator[bytes]:
        yield b"x"
        await asyncio.Event().wait()

    with pytest.raises(BlobStalled, match="no bytes came"):
        await store.put("acme", "a", silent(), limit=10)
    assert await store.list("acme") == ()
    await store.close()
