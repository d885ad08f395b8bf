"""The `file:` blob adapter: every service's files below one folder."""

import asyncio
from collections.abc import Sequence
from pathlib import Path

from colonnade.adapters import AdapterContext
from colonnade.blobs import BlobStore
from colonnade.errors import ConfigurationError
from colonnade_runtime.adapters.blobs.local import LocalBlobStore
from colonnade_runtime.adapters.disk.folder_lock import FolderLocks, unwritable


class BlobFolder:
    """A `colonnade.adapters.BlobStores` in a folder that this process alone uses, or, `shared`,
    also others on this machine that host the same services."""

    def __init__(self, folder: Path, *, shared: bool = False) -> None:
        self.folder = folder
        self._locks = FolderLocks(folder, shared=shared)
        self._stores: dict[str, LocalBlobStore] = {}

    async def start(self, services: Sequence[str]) -> None:
        """Lock what these services keep in the folder.

        Raises:
            ConfigurationError: when another process has it, or it cannot be written.
        """
        await asyncio.to_thread(self._locks.acquire, services)

    async def store(self, service: str) -> BlobStore:
        """The service's files; what a killed process left half written is swept away."""
        if service not in self._stores:
            store = LocalBlobStore(self.folder, service)
            await store.prepare()
            self._stores[service] = store
        return self._stores[service]

    async def check(self) -> str | None:
        """Check that files can be written."""
        return await asyncio.to_thread(unwritable, self.folder)

    async def close(self, deadline: float = 10.0) -> None:
        """Let running work end, and give the folder back."""
        for store in self._stores.values():
            await store.close()
        self._locks.release()

    def abandon(self) -> None:
        """Give the folder back at once, as the end of the process would."""
        self._locks.release()


def blob_folder(context: AdapterContext) -> BlobFolder:
    """The adapter for `file:<folder>`; a relative folder is below the platform's.

    Raises:
        ConfigurationError: when the URL names no folder.
    """
    folder = context.url.partition(":")[2]
    if not folder or folder.startswith("//") or "?" in folder:
        raise ConfigurationError(
            f"'{context.url}' names no folder for files: write file:var/blobs, "
            "or file:/srv/colonnade for an absolute path."
        )
    return BlobFolder(context.root / folder, shared=context.replicas > 1)
