"""Provisioning of a tenant's file, which is also brought up to date when it is opened."""

import asyncio
import importlib
import sqlite3
from collections.abc import Awaitable, Callable, Iterator, Mapping
from concurrent.futures import Executor
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from pathlib import Path
from typing import Any, Protocol

from sqlalchemy import text

from colonnade.clock import Clock
from colonnade.context import Context, Principal, use_context
from colonnade.errors import ColonnadeError, InternalError
from colonnade.events import Work
from colonnade.rows import PENDING_WORK
from colonnade.services import ServiceContext, StoreNeed
from colonnade.store import Session
from colonnade.tables import PlatformBase
from colonnade_runtime.adapters.disk.folder_lock import file_lock
from colonnade_runtime.adapters.store.sqlite.control.control_store import SqliteControlStore
from colonnade_runtime.adapters.store.sqlite.files.connections import (
    close_connection,
    open_patient_reader,
)
from colonnade_runtime.adapters.store.sqlite.files.failures import (
    MIGRATION,
    MISSING,
    PROVISIONING,
    UNUSABLE,
    StoreFailure,
    translated,
)
from colonnade_runtime.adapters.store.sqlite.files.header import is_stamped, stamp_of
from colonnade_runtime.adapters.store.sqlite.files.paths import ServiceFiles
from colonnade_runtime.adapters.store.sqlite.files.tenant_file import TenantFile, WriteQueueOf
from colonnade_runtime.adapters.store.sqlite.schema.service_schema import (
    PROVISIONED_AT,
    SERVICE_VERSION,
    TenantSchema,
    read_facts,
    write_fact,
)
from colonnade_runtime.observability.failures import failure_in_words

PROVISION_SECONDS = 60.0
"""How long a provision hook may take."""

ContextSource = Callable[[], ServiceContext]

_provisioning: ContextVar[str] = ContextVar("colonnade_provisioning", default="")


class Write(Protocol):
    """Runs a unit of work on an open file."""

    def __call__(self, file: TenantFile, work: Callable[[Session], None]) -> Awaitable[None]: ...


def refuse_while_provisioning(service: str) -> None:
    """Refuse to wait for a store from within its own provision hook.

    Raises:
        InternalError: always then; waiting would never end.
    """
    if _provisioning.get() == service:
        raise InternalError(
            f"The provision hook of {service} used the store that it provisions: "
            "return the unit of work instead."
        )


_WAITING = [
    text(f"SELECT 1 FROM {table.name} WHERE {table.info[PENDING_WORK]} LIMIT 1")  # noqa: S608
    for table in PlatformBase.metadata.tables.values()
    if isinstance(table.info.get(PENDING_WORK), str)
]
"""Whether anything waits in a tenant's file; each is answered by a partial index."""


class Provisioning:
    """Opens the files of one service's tenants, making and finishing them first where needed."""

    def __init__(
        self,
        files: ServiceFiles,
        need: StoreNeed,
        clock: Clock,
        control: SqliteControlStore,
        executor: Executor,
        service_context: ContextSource | None,
        write: Write,
        writes: WriteQueueOf,
    ) -> None:
        self._files = files
        self._need = need
        self._clock = clock
        self._control = control
        self._executor = executor
        self._service_context = service_context
        self._write = write
        self._writes = writes
        self._schema = TenantSchema(files, need)

    async def open(self, tenant: str, path: Path) -> TenantFile:
        """The open, current and provisioned file of a tenant.

        Raises:
            StoreFailure: when it cannot be made or opened, is newer than this code, or has gone.
        """
        file = TenantFile(path, tenant, f"{tenant}/{path.name}", self._writes)
        loop = asyncio.get_running_loop()
        facts = await loop.run_in_executor(self._executor, self._ready, file)
        try:
            if PROVISIONED_AT not in facts:
                await self._provision_once(file)
        except BaseException:
            # A cancelled provisioning leaves its transaction running: the file is closed after it.
            await file.writes.emptied()
            await loop.run_in_executor(self._executor, file.close)
            raise
        return file

    def _ready(self, file: TenantFile) -> dict[str, str]:
        try:
            self._make(file)
            facts = read_facts(file.open())
            if not self._schema.is_current(facts):
                facts = self._schema.bring_up_to_date(file.writer(), file.label)
                # Both still carry what only schema changes need.
                file.close()
                file.open()
            if PROVISIONED_AT in facts:
                self._note(file.tenant, facts)
                self._stamp(file)
                self._name_if_work_waits(file)
            file.hand_over()
        except OSError as error:
            file.close()
            raise StoreFailure(
                f"{file.label} cannot be made: {error.strerror or error}.",
                UNUSABLE,
                "Check the permissions and the disk of the folder it belongs in.",
            ) from error
        except Exception as error:
            file.close()
            raise refusal(error, file.label) from error
        return facts

    def _make(self, file: TenantFile) -> None:
        if file.path.exists():
            return
        if self._control.tenants.version(file.tenant) is not None:
            raise StoreFailure(
                f"{file.label} has gone, although it was provisioned.",
                MISSING,
                "Restore it from a backup. To start this academy afresh instead, put an empty file "
                "in its place.",
            )
        self._schema.copy_template(file.path)

    def outdated(self, paths: Mapping[str, Path]) -> tuple[list[str], list[str]]:
        """The tenants of `paths` whose file may not be current, and those without one; blocking."""
        stamp = stamp_of(self._schema.digest)
        found = {tenant: is_stamped(path, stamp) for tenant, path in paths.items()}
        return (
            [tenant for tenant, current in found.items() if current is False],
            [tenant for tenant, current in found.items() if current is None],
        )

    def _name_if_work_waits(self, file: TenantFile) -> None:
        """The index was written with another copy of the file where either was restored."""
        connection = file.reader()
        with connection.begin():
            if any(connection.execute(query).first() for query in _WAITING):
                self._control.work_index.ensure(file.tenant)

    def _stamp(self, file: TenantFile) -> None:
        """Stamp the file as current, for readers of its header alone."""
        stamp = stamp_of(self._schema.digest)
        if file.user_version() != stamp:
            # A file that cannot be written now can still be read, and is looked at again.
            with suppress(sqlite3.Error):
                file.stamp(stamp)

    def _note(self, tenant: str, facts: dict[str, str]) -> None:
        version = int(facts[SERVICE_VERSION])
        if self._control.tenants.version(tenant) != version:
            self._control.tenants.note(tenant, version)

    async def _provision_once(self, file: TenantFile) -> None:
        """One process at a time; the next finds it done."""
        loop = asyncio.get_running_loop()
        async with file_lock(file.path.with_suffix(".provisioning"), PROVISION_SECONDS):
            facts = await loop.run_in_executor(self._executor, _facts_of, file.path)
            if PROVISIONED_AT in facts:
                return
            try:
                await self._provision(file)
            except ColonnadeError:
                raise
            except Exception as error:
                raise StoreFailure(
                    f"{file.label} could not be filled for the first time: "
                    f"{failure_in_words(error)}.",
                    PROVISIONING,
                    "Mend the service's provision hook; it is called again by itself.",
                ) from error

    async def _provision(self, file: TenantFile) -> None:
        with self._as_service(file.tenant):
            work = await self._hook()
            await self._write(file, lambda session: self._finish(session, work))
        await self._control.note_provisioned(file.tenant, self._schema.service.latest)

    def _finish(self, session: Session, work: Work | None) -> None:
        if work is not None:
            work(session)
            session.flush()
        # Past the session's own methods, which would count this as a change of anything.
        write_fact(session.driver.run, PROVISIONED_AT, session.now.isoformat())
        session.driver.execute(f"PRAGMA user_version={stamp_of(self._schema.digest)}", ())

    async def _hook(self) -> Work | None:
        if self._need.provision is None:
            return None
        if self._service_context is None:
            raise InternalError(f"{self._files.service} has a provision hook and no context.")
        module, _, name = self._need.provision.partition(":")
        hook: Any = getattr(importlib.import_module(module), name)
        async with asyncio.timeout(PROVISION_SECONDS):
            work: Work | None = await hook(self._service_context())
        return work

    @contextmanager
    def _as_service(self, tenant: str) -> Iterator[None]:
        # Nothing of the first caller's: neither rights nor hurry of theirs must decide.
        context = Context(
            tenant=tenant,
            principal=Principal.service(self._files.service),
            deadline=self._clock.now().timestamp() + PROVISION_SECONDS,
            request_id=f"provision-{tenant}",
        )
        token = _provisioning.set(self._files.service)
        try:
            with use_context(context):
                yield
        finally:
            _provisioning.reset(token)


def refusal(error: Exception, label: str) -> Exception:
    """Error that an operator can act on, for whatever kept a file from being brought up to date."""
    known = translated(error, label)
    if isinstance(known, ColonnadeError):
        return known
    return StoreFailure(
        f"{label} cannot be brought up to date: {failure_in_words(error)}.",
        MIGRATION,
        "Run the release that it is from, or mend the migration; nothing of it was changed.",
    )


def _facts_of(path: Path) -> dict[str, str]:
    connection = open_patient_reader(path)
    try:
        return read_facts(connection)
    finally:
        close_connection(connection)
