"""Files of academies beside the schema that this code wants, while no platform uses them."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from sqlalchemy import Connection

from colonnade.clock import SystemClock
from colonnade.errors import ColonnadeError
from colonnade.services import StoreNeed
from colonnade_runtime.adapters.store.sqlite.control.control_store import SqliteControlStore
from colonnade_runtime.adapters.store.sqlite.files.connections import (
    close_connection,
    open_patient_reader,
    open_writer,
)
from colonnade_runtime.adapters.store.sqlite.files.failures import damage
from colonnade_runtime.adapters.store.sqlite.files.paths import ServiceFiles
from colonnade_runtime.adapters.store.sqlite.schema.provisioning import refusal
from colonnade_runtime.adapters.store.sqlite.schema.service_schema import (
    SERVICE_VERSION,
    TenantSchema,
    read_facts,
)


class FileStatus(StrEnum):
    """Status of one tenant's file beside the schema that this code wants."""

    CURRENT = "current"
    OUTDATED = "outdated"
    NEW = "new"
    """There is none; the platform makes it."""
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class TenantFileState:
    """State of one tenant's file: `current`, `outdated`, `new` (there is none; the platform makes
    it), or `refused` with a sentence why. Versions are numbers of the service's migrations."""

    tenant: str
    service: str
    state: FileStatus
    version: int | None
    wanted: int
    reason: str = ""


class StoreUpgrade:
    """The files of one service. Blocks; the caller holds the locks of the folder to change any."""

    def __init__(self, folder: Path, service: str, need: StoreNeed) -> None:
        self._files = ServiceFiles(folder, service)
        self._schema = TenantSchema(self._files, need)

    def look(self, tenant: str) -> TenantFileState:
        """Look at the tenant's file; nothing is written.

        All of the file is read: damage in the middle of it is found, too.
        """
        path = self._files.of_tenant(tenant)
        if not path.exists():
            return self._absent(tenant)
        try:
            with _connected(path, patient=True) as connection:
                facts = read_facts(connection)
                _refuse_damaged(connection)
            self._schema.refuse_newer(facts, self._label(tenant))
        except Exception as error:
            return self._refused(tenant, error)
        version = int(facts.get(SERVICE_VERSION, "0"))
        state = FileStatus.CURRENT if self._schema.is_current(facts) else FileStatus.OUTDATED
        return self._state(tenant, state, version)

    def bring_up_to_date(self, tenant: str) -> TenantFileState:
        """Run what the tenant's file misses; how it stands then."""
        try:
            with _connected(self._files.of_tenant(tenant), patient=False) as connection:
                self._schema.bring_up_to_date(connection, self._label(tenant))
        except Exception as error:
            return self._refused(tenant, error)
        return self._state(tenant, FileStatus.CURRENT, self._schema.service.latest)

    def _absent(self, tenant: str) -> TenantFileState:
        try:
            is_gone = self._was_provisioned(tenant)
        except ColonnadeError as error:
            return self._refused(tenant, error)
        if is_gone:
            reason = f"{self._label(tenant)} has gone, although it was there: restore it."
            return self._state(tenant, FileStatus.REFUSED, None, reason)
        return self._state(tenant, FileStatus.NEW, None)

    def _was_provisioned(self, tenant: str) -> bool:
        if not self._files.control.exists():
            return False
        with ThreadPoolExecutor(1) as executor:
            control = SqliteControlStore(self._files.control, SystemClock(), executor)
            try:
                return control.tenants.version(tenant) is not None
            finally:
                control.abandon()

    def _refused(self, tenant: str, error: Exception) -> TenantFileState:
        known = refusal(error, self._label(tenant))
        mend = getattr(known, "mend", "")
        return self._state(tenant, FileStatus.REFUSED, None, f"{known} {mend}".strip())

    def _state(
        self, tenant: str, state: FileStatus, version: int | None, reason: str = ""
    ) -> TenantFileState:
        wanted = self._schema.service.latest
        return TenantFileState(tenant, self._files.service, state, version, wanted, reason)

    def _label(self, tenant: str) -> str:
        return f"{tenant}/{self._files.of_tenant(tenant).name}"


def _refuse_damaged(connection: Connection) -> None:
    found = connection.exec_driver_sql("PRAGMA quick_check(1)").scalar()
    if found != "ok":
        raise damage(str(found))


@contextmanager
def _connected(path: Path, *, patient: bool) -> Iterator[Connection]:
    connection = open_patient_reader(path) if patient else open_writer(path)
    try:
        yield connection
    finally:
        close_connection(connection)
