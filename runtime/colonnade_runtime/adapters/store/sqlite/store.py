"""The embedded SQL store of one service: one SQLite file per tenant.

Reads run in the event loop's thread and each write takes one hop to a thread; see
docs/decisions/sqlite-reads-inline-writes-one-hop.md.
"""

import asyncio
import sqlite3
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import Executor
from contextvars import copy_context
from pathlib import Path
from typing import NoReturn, TypeVar

import structlog
from sqlalchemy import Connection

from colonnade.clock import Clock
from colonnade.context import Context, Principal, current_context, use_context
from colonnade.errors import InternalError, NotFound, Unavailable
from colonnade.faults import Faults, NoFaults
from colonnade.identifiers import is_tenant_id
from colonnade.rows.row_tracking import Left
from colonnade.services import StoreNeed
from colonnade.store import Session
from colonnade_runtime.adapters.store.sqlite.control.control_store import SqliteControlStore
from colonnade_runtime.adapters.store.sqlite.driver import SqliteDriver
from colonnade_runtime.adapters.store.sqlite.files.connections import (
    close_connection,
    open_patient_reader,
)
from colonnade_runtime.adapters.store.sqlite.files.data_version import Version
from colonnade_runtime.adapters.store.sqlite.files.failures import (
    StoreFailure,
    leaves_connection_unsure,
    primary_code,
    translated,
)
from colonnade_runtime.adapters.store.sqlite.files.open_files import OpenFiles
from colonnade_runtime.adapters.store.sqlite.files.paths import ServiceFiles
from colonnade_runtime.adapters.store.sqlite.files.tenant_file import TenantFile
from colonnade_runtime.adapters.store.sqlite.long_reads import LongReads
from colonnade_runtime.adapters.store.sqlite.repair.broken_files import BrokenFiles, is_fault
from colonnade_runtime.adapters.store.sqlite.repair.file_checks import EXAMINATIONS, note_trial
from colonnade_runtime.adapters.store.sqlite.schema.provisioning import (
    ContextSource,
    Provisioning,
    refuse_while_provisioning,
)
from colonnade_runtime.adapters.store.sqlite.write_unit import Guard
from colonnade_runtime.adapters.store.sqlite.writes import (
    WAIT_FOR_TURN_SECONDS,
    Invalidation,
    Writes,
    too_late,
)

T = TypeVar("T")

GIVE_UP_BEFORE_SECONDS = 0.05
"""How long before the deadline of its call a unit of work gives up: who asked still hears of it."""

_RETRY_ON_A_THREAD = frozenset(
    {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_INTERRUPT}
)


class SqliteStore:
    """See `colonnade.store.SqlStore`. Used from one event loop.

    `is_known` says whether a tenant is declared: no file is ever made for another.
    `service_context` gives the provision hook its context. `guard` sees every session just
    before its commit. `invalidation` and `on_published` are called on the loop after a commit.
    """

    def __init__(
        self,
        service: str,
        folder: Path,
        need: StoreNeed,
        clock: Clock,
        *,
        executor: Executor,
        open_files: OpenFiles,
        control: SqliteControlStore,
        is_known: Callable[[str], bool],
        service_context: ContextSource | None = None,
        guard: Guard | None = None,
        invalidation: Invalidation | None = None,
        on_published: Callable[[str, Left], None] | None = None,
        faults: Faults | None = None,
    ) -> None:
        self.service = service
        self.control = control
        self._files = ServiceFiles(folder, service)
        self._clock = clock
        self._executor = executor
        self._open_files = open_files
        self._is_known = is_known
        self._guard = guard
        self._paths: dict[str, Path] = {}
        self._closed = False
        self._long_reads = LongReads(clock.monotonic)
        self.condition = BrokenFiles(faults or NoFaults(), self._try, structlog.get_logger(service))
        self._writes = Writes(
            service,
            self._session,
            clock,
            executor,
            open_files,
            control.work_index,
            self.condition.failed,
            invalidation,
            on_published,
        )
        self._provisioning = Provisioning(
            self._files,
            need,
            clock,
            control,
            executor,
            service_context,
            self._write,
            self._writes.queue_of,
        )

    @property
    def waiting(self) -> int:
        """Units of work that wait for their file."""
        return self._writes.waiting

    @property
    def invalidation(self) -> Invalidation | None:
        """Listener that drops cached answers."""
        return self._writes.invalidation

    @invalidation.setter
    def invalidation(self, listener: Invalidation | None) -> None:
        self._writes.invalidation = listener

    async def run(self, work: Callable[[Session], T], *, linger: float = 0.0) -> T:
        """Run `work` in one durable transaction; see `SqlStore.run`."""
        tenant = self._tenant()
        file = self._open_files.peek(self._paths[tenant])
        opened = None
        try:
            if file is None:
                file = opened = await self._file(tenant)
            return await self._writes.run(file, work, self._left(), self._guard, linger)
        except StoreFailure as error:
            if file is not None:
                self._failed(file, error)
            raise
        finally:
            if opened is not None:
                self._open_files.release(opened)

    async def read(self, work: Callable[[Session], T]) -> T:
        """Run `work` on a snapshot that cannot be written to; see `SqlStore.read`."""
        tenant = self._tenant()
        file = self._open_files.peek(self._paths[tenant])
        opened = None
        try:
            if file is None:
                file = opened = await self._file(tenant)
            return await self._read(file, work)
        except StoreFailure as error:
            if file is not None:
                self._failed(file, error)
            raise
        finally:
            if opened is not None:
                self._open_files.release(opened)

    async def prepare(self) -> None:
        """Open, migrate and provision the file of the tenant in context."""
        self._open_files.release(await self._file(self._tenant()))

    async def outdated(self, tenants: Sequence[str]) -> tuple[list[str], list[str]]:
        """Tenants among `tenants` whose file may have to be migrated, and those that have none.

        Reads headers and opens nothing: a file that was not closed well may be named needlessly.
        """
        paths = {tenant: self._files.of_tenant(tenant) for tenant in tenants}
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._executor, self._provisioning.outdated, paths)

    def changed_elsewhere(self, tenant: str, use: str) -> bool | None:
        """Tell whether another process may have committed; see `SharedSqlStore`."""
        path = self._paths.get(tenant)
        file = None if path is None else self._open_files.look(path)
        return None if file is None else file.changed_elsewhere(use)

    async def while_still(self, tenant: str, look: Callable[[Version], T]) -> T:
        """Call `look` with the version of the tenant's file while no process can commit to it."""
        deadline = self._clock.now().timestamp() + WAIT_FOR_TURN_SECONDS
        with use_context(Context(tenant, Principal.service(self.service), deadline, "")):
            file = await self._file(self._tenant())
            try:
                return await self._write(file, lambda session: look(file.version()))
            finally:
                self._open_files.release(file)

    async def close(self, deadline: float = 10.0) -> None:
        """Take no more work, let running transactions end within `deadline` seconds, close."""
        self._closed = True
        await self.condition.close()
        await self._writes.finish(deadline)
        name = self._files.of_tenant("any").name
        folder = self._files.folder
        await self._open_files.close(lambda p: p.name == name and p.parent.parent == folder)

    def _tenant(self) -> str:
        tenant = current_context().tenant
        if tenant not in self._paths:
            self._admit(tenant)
        if self._closed:
            raise Unavailable(f"The store of {self.service} is closed.")
        if not self._is_known(tenant):
            raise NotFound(f"There is no tenant '{tenant}'.")
        return tenant

    def _admit(self, tenant: str) -> None:
        if not is_tenant_id(tenant):
            raise InternalError("The tenant in context is not a tenant id; nothing was opened.")
        if self._is_known(tenant):
            self._paths[tenant] = self._files.of_tenant(tenant)

    async def _file(self, tenant: str) -> TenantFile:
        refuse_while_provisioning(self.service)
        path = self._paths[tenant]
        opening = self._open_files.get(path, lambda: self._provisioning.open(tenant, path))
        try:
            return await self._in_time(opening)
        except StoreFailure as error:
            self.condition.failed(tenant, error)
            raise

    async def _in_time(self, waiting: Awaitable[T]) -> T:
        """Await something, unless the deadline of the call comes first.

        Raises:
            StoreFailure: at the deadline; nothing was changed.
        """
        try:
            async with asyncio.timeout(self._left()):
                return await waiting
        except TimeoutError:
            raise too_late(self.service) from None

    def _left(self) -> float:
        """Seconds that the call in context may still wait."""
        left = current_context().deadline - self._clock.now().timestamp()
        return max(0.0, left - min(GIVE_UP_BEFORE_SECONDS, left / 10))

    def _failed(self, file: TenantFile, error: StoreFailure) -> None:
        """Report a broken file, and have it opened anew for whoever comes next."""
        self.condition.failed(file.tenant, error)
        if is_fault(error):
            file.unsure = True
            self._open_files.close_unsure()

    async def _try(self, tenant: str, kind: str) -> None:
        """Open a file that was broken, examine it as its fault wants, and write to it."""
        deadline = self._clock.now().timestamp() + WAIT_FOR_TURN_SECONDS
        with use_context(Context(tenant, Principal.service(self.service), deadline, "")):
            file = await self._file(self._tenant())
            try:
                if examine := EXAMINATIONS.get(kind):
                    await asyncio.get_running_loop().run_in_executor(self._executor, examine, file)
                await self._write(file, note_trial)
            finally:
                self._open_files.release(file)

    async def _read(self, file: TenantFile, work: Callable[[Session], T]) -> T:
        if not self._long_reads.expects(file.tenant, work):
            try:
                return self._read_on(file.reader(), file, work)
            except Exception as error:
                if leaves_connection_unsure(error):
                    file.drop_reader()
                if primary_code(error) not in _RETRY_ON_A_THREAD:
                    self._raise(error, file)
                if primary_code(error) == sqlite3.SQLITE_INTERRUPT:
                    self._long_reads.note(file.tenant, work)
        # Locked, or longer than the loop may be kept: where waiting holds up nobody.
        try:
            future = asyncio.get_running_loop().run_in_executor(
                self._executor, copy_context().run, lambda: self._read_patiently(file, work)
            )
        except RuntimeError as error:
            raise Unavailable(f"The store of {self.service} is closed.") from error
        return await self._in_time(future)

    def _read_patiently(self, file: TenantFile, work: Callable[[Session], T]) -> T:
        try:
            connection = open_patient_reader(file.path)
            try:
                return self._read_on(connection, file, work)
            finally:
                close_connection(connection)
        except Exception as error:
            self._raise(error, file)

    def _read_on(self, connection: Connection, file: TenantFile, work: Callable[[Session], T]) -> T:
        driver = SqliteDriver(connection)
        driver.begin()
        try:
            session = self._session(file.tenant, driver)
            try:
                result = work(session)
                if session.has_changes or session.published:
                    raise InternalError(
                        "A unit of work given to read() changed something; give it to run()."
                    )
            finally:
                session.close()
        finally:
            driver.roll_back()
        return result

    def _raise(self, error: Exception, file: TenantFile) -> NoReturn:
        known = translated(error, file.label, reading=True)
        try:
            if known is error:
                raise error
            raise known from error
        finally:
            # As in `_carry_out`: a traceback and the frame that holds it are a cycle.
            del error, known

    def _session(self, tenant: str, driver: SqliteDriver) -> Session:
        return Session(driver, service=self.service, tenant=tenant, clock=self._clock)

    async def _write(self, file: TenantFile, work: Callable[[Session], T]) -> T:
        return await self._writes.run(file, work, self._left())
