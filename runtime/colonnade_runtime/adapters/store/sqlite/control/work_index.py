"""The work index: tenants that may have something left to do after a commit.

A tenant is named before its first pending row commits, and forgotten only after a sweep that
found nothing, during which no commit was under way. Start-up cost so follows pending work.

Where several processes write to a tenant's file, each names the tenant while it holds the file's
write lock, and forgets it only while it holds that lock and the file's version has not moved on.
"""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from colonnade_runtime.adapters.store.sqlite.control.control_file import ControlFile
from colonnade_runtime.adapters.store.sqlite.files.data_version import Version


class SqliteWorkIndex:
    """The index of one service. Every method may be called from any thread, and may block."""

    def __init__(self, file: ControlFile, now: Callable[[], str]) -> None:
        self._file = file
        self._now = now
        self._lock = threading.Lock()
        self._named: set[str] | None = None
        self._committing: dict[str, int] = {}
        self._generations: dict[str, int] = {}
        self._versions: dict[str, Version] = {}
        self._loaded_at = 0

    @contextmanager
    def holding(self, tenant: str) -> Iterator[None]:
        """Name `tenant` durably, and keep it named at least until the block's commit is over."""
        with self._lock:
            self._name(tenant)
            self._committing[tenant] = self._committing.get(tenant, 0) + 1
        try:
            yield
        finally:
            with self._lock:
                self._committing[tenant] -= 1
                if not self._committing[tenant]:
                    del self._committing[tenant]
                # A sweep that started before this commit may have seen nothing of it.
                self._generations[tenant] = self._generations.get(tenant, 0) + 1

    def ensure(self, tenant: str) -> None:
        """Name `tenant` durably; free when it already is."""
        with self.holding(tenant):
            pass

    def tenants(self) -> list[str]:
        """Every named tenant, in order."""
        with self._lock:
            return sorted(self._load())

    def start_sweep(self, tenant: str, version: Version | None = None) -> int:
        """A mark for `forget`, to be taken before looking for work."""
        with self._lock:
            self._see(tenant, version)
            return self._generations.get(tenant, 0)

    def forget(self, tenant: str, mark: int, version: Version | None = None) -> bool:
        """Remove `tenant` after a sweep that found nothing; False when it may have work by now."""
        with self._lock:
            self._see(tenant, version)
            if tenant in self._committing or self._generations.get(tenant, 0) != mark:
                return False
            if tenant in self._load():
                self._file.execute("DELETE FROM work_index WHERE tenant = ?", (tenant,))
                self._load().discard(tenant)
            return True

    def _name(self, tenant: str) -> None:
        named = self._load()
        if tenant not in named:
            self._file.execute(
                "INSERT OR IGNORE INTO work_index (tenant, named_at) VALUES (?, ?)",
                (tenant, self._now()),
            )
            named.add(tenant)

    def _see(self, tenant: str, version: Version | None) -> None:
        if version is not None and self._versions.get(tenant) != version:
            self._versions[tenant] = version
            self._generations[tenant] = self._generations.get(tenant, 0) + 1

    def _load(self) -> set[str]:
        # Asked before the rows are read: what commits in between is found at the next look.
        version = self._file.version()
        if self._named is None or version != self._loaded_at:
            self._loaded_at = version
            rows = self._file.query("SELECT tenant FROM work_index")
            self._named = {row[0] for row in rows}
        return self._named
