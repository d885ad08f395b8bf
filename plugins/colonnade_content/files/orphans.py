"""Orphaned blobs: a process died after it stored bytes and before it wrote their row."""

from collections.abc import Callable, Sequence
from datetime import timedelta
from uuid import UUID

from sqlalchemy import select

from colonnade.blobs import BlobNotFound
from colonnade.crash_points import crash_point
from colonnade.services import ServiceContext
from colonnade.store import Session
from colonnade_content.files.blob_keys import FILES, MEDIA, owner_id
from colonnade_content.models import FileRow, MediaRow

BYTES_STORED = crash_point(
    "content.kept", "the bytes of an upload are kept; its row is not committed"
)

MINIMUM_AGE = timedelta(hours=1)
"""Age of bytes that may be orphans; an upload on its way has written its row long before."""

AT_ONCE = 500
"""Blobs of one look."""


class OrphanedBlobs:
    """Scheduled removal of bytes without a row."""

    def __init__(self, ctx: ServiceContext) -> None:
        self._ctx = ctx

    async def remove_orphans(self) -> None:
        """Remove old bytes without a row from all blobs of the tenant."""
        removed = await self._remove(FILES, _existing(FileRow))
        removed += await self._remove(MEDIA, _existing(MediaRow))
        if removed:
            self._ctx.log.info("bytes without a row removed", blobs=removed)

    async def _remove(self, prefix: str, existing: "Existing") -> int:
        tenant, after, removed = self._ctx.tenant().id, "", 0
        while keys := await self._ctx.blobs.list(tenant, prefix, after=after, limit=AT_ONCE):
            after = keys[-1]
            owners = {key: owner_id(key) for key in keys}
            # The age first: a row that was written meanwhile is then surely seen.
            old = [key for key in keys if await self._is_old(tenant, key)]
            there = await self._ctx.store.read(existing([owners[key] for key in old]))
            for key in old:
                if owners[key] not in there:
                    await self._ctx.blobs.delete(tenant, key)
                    removed += 1
        return removed

    async def _is_old(self, tenant: str, key: str) -> bool:
        try:
            found = await self._ctx.blobs.stat(tenant, key)
        except BlobNotFound:
            return False
        return self._ctx.clock.now() - found.modified > MINIMUM_AGE


Existing = Callable[[Sequence[UUID]], Callable[[Session], set[UUID]]]
"""Unit of work that finds those of some ids that have a row."""


def _existing(row: type[FileRow] | type[MediaRow]) -> Existing:
    def of(ids: Sequence[UUID]) -> Callable[[Session], set[UUID]]:
        return lambda session: set(session.scalars(select(row.id).where(row.id.in_(ids))))

    return of
