"""The control store of one service in one SQLite file."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import Executor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar
from uuid import UUID

from colonnade.clock import Clock
from colonnade.control_store import Lease, ProvisionedTenant, TenantlessDeadLetter
from colonnade.errors import Unavailable
from colonnade.faults import Faults, NoFaults
from colonnade.identifiers import new_id
from colonnade_runtime.adapters.store.sqlite.control.control_file import ControlFile
from colonnade_runtime.adapters.store.sqlite.control.work_index import SqliteWorkIndex
from colonnade_runtime.adapters.store.sqlite.files.data_version import Version
from colonnade_runtime.adapters.store.sqlite.files.failures import StoreFailure

T = TypeVar("T")

WhileStill = Callable[[str, Callable[[Version], Any]], Awaitable[Any]]
"""Calls a function with the version of a tenant's file while no process can commit to it."""

WORKED_SECONDS = 10.0
"""How long a control store that failed must work before it counts as mended."""

MAXIMUM_ERROR_LENGTH = 4_000


class SqliteControlStore:
    """See `colonnade.control_store.ControlStore`. Opens its file on first use.

    Leases are measured with the time of day of `clock`: every process on the file shares it.
    `while_still` is set when other processes host the same service.
    """

    while_still: WhileStill | None = None

    def __init__(
        self, path: Path, clock: Clock, executor: Executor, faults: Faults | None = None
    ) -> None:
        self._clock = clock
        self._faults = faults or NoFaults()
        self._failed_at: dict[str, float] = {}
        self._executor = executor
        self._file = ControlFile(path)
        self.work_index = SqliteWorkIndex(self._file, lambda: clock.now().isoformat())
        self.tenants = ProvisionedTenants(self._file, clock)

    async def tenants_with_work(self) -> list[str]:
        """The tenants in the work index, in order."""
        return await self._blocking(self.work_index.tenants)

    async def ensure_work(self, tenant: str) -> None:
        """Name `tenant` in the work index durably."""
        await self._blocking(lambda: self.work_index.ensure(tenant))

    async def start_sweep(self, tenant: str) -> int:
        """A mark for `forget_work`."""
        if self.while_still is None:
            return await self._blocking(lambda: self.work_index.start_sweep(tenant))
        mark: int = await self.while_still(
            tenant, lambda version: self.work_index.start_sweep(tenant, version)
        )
        return mark

    async def forget_work(self, tenant: str, mark: int) -> bool:
        """Remove `tenant` from the work index unless it may have work again."""
        if self.while_still is None:
            return await self._blocking(lambda: self.work_index.forget(tenant, mark))
        forgotten: bool = await self.while_still(
            tenant, lambda version: self.work_index.forget(tenant, mark, version)
        )
        return forgotten

    async def acquire_lease(self, name: str, owner: str, seconds: float) -> Lease | None:
        """The lease, if it can be had."""
        return await self._blocking(lambda: self._acquire(name, owner, seconds))

    async def renew_lease(self, lease: Lease, seconds: float) -> Lease | None:
        """The lease for longer, unless it was lost."""
        return await self._blocking(lambda: self._renew(lease, seconds))

    async def release_lease(self, lease: Lease) -> None:
        """Give the lease back."""
        # The row stays, so that tokens never start again.
        statement = "UPDATE leases SET owner = NULL, expires_at = 0 WHERE name = ? AND token = ?"
        await self._blocking(lambda: self._file.execute(statement, (lease.name, lease.token)))

    async def note_provisioned(self, tenant: str, schema_version: int) -> None:
        """Remember that a tenant's store is provisioned and at this schema."""
        await self._blocking(lambda: self.tenants.note(tenant, schema_version))

    async def provisioned(self) -> list[ProvisionedTenant]:
        """Every provisioned tenant, in order."""
        return await self._blocking(self.tenants.all)

    async def keep_dead_letter(self, source: str, payload: bytes, error: str) -> UUID:
        """Keep what could not be given to any tenant."""
        identifier = new_id()
        values = (
            str(identifier),
            source,
            payload,
            error[:MAXIMUM_ERROR_LENGTH],
            self._clock.now().isoformat(),
        )
        statement = (
            "INSERT INTO dead_letters (id, source, payload, error, created_at) "
            "VALUES (?, ?, ?, ?, ?)"
        )
        await self._blocking(lambda: self._file.execute(statement, values))
        return identifier

    async def dead_letters(self, *, limit: int = 100) -> Sequence[TenantlessDeadLetter]:
        """The oldest tenantless dead letters."""
        statement = (
            "SELECT id, source, payload, error, created_at FROM dead_letters ORDER BY id LIMIT ?"
        )
        rows = await self._blocking(lambda: self._file.query(statement, (limit,)))
        return [
            TenantlessDeadLetter(
                UUID(identifier), source, payload, error, datetime.fromisoformat(created_at)
            )
            for identifier, source, payload, error, created_at in rows
        ]

    async def discard_dead_letter(self, identifier: UUID) -> bool:
        """Remove one; False when it is not there."""
        statement = "DELETE FROM dead_letters WHERE id = ?"
        removed = await self._blocking(lambda: self._file.execute(statement, (str(identifier),)))
        return removed == 1

    async def close(self) -> None:
        """Close the file."""
        await self._blocking(self._file.close)

    def abandon(self) -> None:
        """Close the file at once, in the calling thread."""
        self._file.close()

    def _acquire(self, name: str, owner: str, seconds: float) -> Lease | None:
        now = self._clock.now()
        expires_at = now + timedelta(seconds=seconds)
        with self._file.transaction() as connection:
            row = connection.execute(
                "SELECT owner, token, expires_at FROM leases WHERE name = ?", (name,)
            ).fetchone()
            held_by, token, until = row or (None, 0, 0.0)
            if held_by not in (None, owner) and until > now.timestamp():
                return None
            token += 1
            connection.execute(
                "INSERT INTO leases (name, owner, token, expires_at) VALUES (?, ?, ?, ?) "
                "ON CONFLICT (name) DO UPDATE SET owner = excluded.owner, "
                "token = excluded.token, expires_at = excluded.expires_at",
                (name, owner, token, expires_at.timestamp()),
            )
        return Lease(name, owner, token, expires_at)

    def _renew(self, lease: Lease, seconds: float) -> Lease | None:
        expires_at = self._clock.now() + timedelta(seconds=seconds)
        renewed = self._file.execute(
            "UPDATE leases SET expires_at = ? WHERE name = ? AND token = ? AND owner = ?",
            (expires_at.timestamp(), lease.name, lease.token, lease.owner),
        )
        if renewed == 0:
            return None
        return Lease(lease.name, lease.owner, lease.token, expires_at)

    async def _blocking(self, function: Callable[[], T]) -> T:
        loop = asyncio.get_running_loop()
        try:
            future = loop.run_in_executor(self._executor, function)
        except RuntimeError as error:
            raise Unavailable("The control store is closed.") from error
        try:
            answer = await future
        except StoreFailure as error:
            if error.kind:
                self._failed_at[f"control_{error.kind}"] = self._clock.monotonic()
                self._faults.report(f"control_{error.kind}", error.reason, mend=error.mend)
            raise
        if self._failed_at:
            self._worked()
        return answer

    def _worked(self) -> None:
        # Of a damaged file some pages can be read: one success says little.
        before = self._clock.monotonic() - WORKED_SECONDS
        for kind in [kind for kind, at in self._failed_at.items() if at < before]:
            del self._failed_at[kind]
            self._faults.withdraw(kind)


class ProvisionedTenants:
    """Tenants that have a store. Methods block."""

    def __init__(self, file: ControlFile, clock: Clock) -> None:
        self._file = file
        self._clock = clock

    def version(self, tenant: str) -> int | None:
        """The schema a tenant's store is known to be at; nothing if it was never provisioned."""
        rows = self._file.query("SELECT schema_version FROM tenants WHERE tenant = ?", (tenant,))
        return rows[0][0] if rows else None

    def note(self, tenant: str, schema_version: int) -> None:
        """Remember a tenant at a schema; when it was provisioned stays as it is."""
        self._file.execute(
            "INSERT INTO tenants (tenant, schema_version, provisioned_at) VALUES (?, ?, ?) "
            "ON CONFLICT (tenant) DO UPDATE SET schema_version = excluded.schema_version",
            (tenant, schema_version, self._clock.now().astimezone(UTC).isoformat()),
        )

    def all(self) -> list[ProvisionedTenant]:
        """Every provisioned tenant, in order."""
        rows = self._file.query(
            "SELECT tenant, schema_version, provisioned_at FROM tenants ORDER BY tenant"
        )
        return [
            ProvisionedTenant(tenant, version, datetime.fromisoformat(at))
            for tenant, version, at in rows
        ]
