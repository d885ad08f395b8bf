"""The schema of one service's files: how a new one is made and an older one brought up to date."""

import hashlib
import tempfile
import zlib
from collections.abc import Callable
from functools import cache, cached_property
from pathlib import Path
from typing import Any

from cachetools import LRUCache
from sqlalchemy import Connection, CursorResult, create_engine, insert, select, update
from sqlalchemy.schema import CreateIndex, CreateTable

import colonnade.allowances
import colonnade.idempotency
import colonnade.saga_tables  # noqa: F401 - every process must know the same platform tables
from colonnade.rows import PLACEHOLDER_SCHEMA
from colonnade.services import StoreNeed
from colonnade.tables import PlatformBase, StoreFact
from colonnade_runtime.adapters.store.migrations import MigrationPlan, discover_migrations
from colonnade_runtime.adapters.store.sqlite.files.connections import (
    close_connection,
    for_schema_changes,
    open_writer,
)
from colonnade_runtime.adapters.store.sqlite.files.failures import NEWER, StoreFailure
from colonnade_runtime.adapters.store.sqlite.files.paths import (
    ServiceFiles,
    make_private_folder,
    put_in_place,
)

PLATFORM_MIGRATIONS = "colonnade_runtime.adapters.store.platform_migrations"

SERVICE_VERSION = "service_version"
PLATFORM_VERSION = "platform_version"
PLATFORM_TABLES = "platform_tables"
PROVISIONED_AT = "provisioned_at"

_made: LRUCache[str, bytes] = LRUCache(32)
"""By digest the templates that this process has made, compressed: mostly a few kilobytes."""

_META = PlatformBase.metadata.tables[f"{PLACEHOLDER_SCHEMA}.{StoreFact.__tablename__}"]


class TenantSchema:
    """The schema that this code wants a service's files to have. Blocking: use it on a thread."""

    def __init__(self, files: ServiceFiles, need: StoreNeed) -> None:
        self._files = files
        self._need = need

    @cached_property
    def service(self) -> MigrationPlan:
        """The service's own migrations."""
        return discover_migrations(self._need.migrations)

    @cached_property
    def platform(self) -> MigrationPlan:
        """The migrations of the tables that every service has."""
        return discover_migrations(PLATFORM_MIGRATIONS)

    @property
    def platform_tables(self) -> str:
        """A digest of the platform's tables as declared."""
        return _platform_tables()

    @property
    def digest(self) -> str:
        """Changes with every migration and every platform table."""
        summary = hashlib.blake2b(digest_size=8)
        for part in (self.service.digest, self.platform.digest, self.platform_tables.encode()):
            summary.update(part)
        return summary.hexdigest()

    def copy_template(self, path: Path) -> None:
        """Make a tenant's file from the template, unless somebody else has just made it.

        Raises:
            OSError: when the disk does not take it.
        """
        put_in_place(self._template().read_bytes(), path, prefix=f".new-{self._files.service}-")

    def bring_up_to_date(self, connection: Connection, file: str) -> dict[str, str]:
        """Run what the file misses and answer what it knows of itself.

        Raises:
            StoreFailure: when the file was written by newer code.
        """
        connection = for_schema_changes(connection)
        facts = read_facts(connection)
        self.refuse_newer(facts, file)
        if self.is_current(facts):
            return facts
        self._create_platform_tables(connection, facts)
        self._migrate(connection, facts, PLATFORM_VERSION, self.platform)
        self._migrate(connection, facts, SERVICE_VERSION, self.service)
        return read_facts(connection)

    def is_current(self, facts: dict[str, str]) -> bool:
        """Tell whether a file with these facts misses nothing."""
        return (
            facts.get(SERVICE_VERSION) == str(self.service.latest)
            and facts.get(PLATFORM_VERSION) == str(self.platform.latest)
            and facts.get(PLATFORM_TABLES) == self.platform_tables
        )

    def refuse_newer(self, facts: dict[str, str], file: str) -> None:
        """Refuse a file that newer code wrote.

        Raises:
            StoreFailure: it was.
        """
        for name, plan in ((SERVICE_VERSION, self.service), (PLATFORM_VERSION, self.platform)):
            version = int(facts.get(name, "0"))
            if version > plan.latest:
                raise StoreFailure(
                    f"{file} has schema {version} of {plan.package}, and this code knows none "
                    f"after {plan.latest}.",
                    NEWER,
                    "Run the newer release, or restore an older backup.",
                )

    def _create_platform_tables(self, connection: Connection, facts: dict[str, str]) -> None:
        is_new = PLATFORM_VERSION not in facts
        with connection.begin():
            PlatformBase.metadata.create_all(connection, checkfirst=True)
            write_fact(connection.execute, PLATFORM_TABLES, self.platform_tables)
            if is_new:
                # Tables just made are of the newest form: no platform migration has work on them.
                write_fact(connection.execute, PLATFORM_VERSION, str(self.platform.latest))
        facts.setdefault(PLATFORM_VERSION, str(self.platform.latest))

    def _migrate(
        self, connection: Connection, facts: dict[str, str], name: str, plan: MigrationPlan
    ) -> None:
        for migration in plan.after(int(facts.get(name, "0"))):
            with connection.begin():
                # Another process may have been here since the facts were read.
                if _version(connection, name) < migration.number:
                    migration.upgrade(connection)
                    write_fact(connection.execute, name, str(migration.number))

    def _template(self) -> Path:
        path = self._files.template(self.digest)
        if path.exists():
            return path
        make_private_folder(path.parent)
        made = _made.get(self.digest)
        content = self._built(path.parent) if made is None else zlib.decompress(made)
        put_in_place(content, path, prefix=".new-")
        for outdated in self._files.other_templates(self.digest):
            outdated.unlink(missing_ok=True)
        return path

    def _built(self, folder: Path) -> bytes:
        with tempfile.TemporaryDirectory(prefix=".build-", dir=folder) as name:
            draft = Path(name) / "template.sqlite3"
            draft.touch(mode=0o600)
            connection = open_writer(draft)
            try:
                self.bring_up_to_date(connection, f"The template of {self._files.service}")
            finally:
                # The last connection moves everything from the write-ahead log into the file.
                close_connection(connection)
            content = draft.read_bytes()
        _made[self.digest] = zlib.compress(content, level=1)
        return content


def read_facts(connection: Connection) -> dict[str, str]:
    """Read the facts that a file keeps of itself; empty for a file without tables."""
    with connection.begin():
        if not connection.dialect.has_table(connection, StoreFact.__tablename__):
            return {}
        rows = connection.execute(select(_META.c.name, _META.c.value))
        return {row.name: row.value for row in rows}


def _version(connection: Connection, name: str) -> int:
    return int(connection.scalar(select(_META.c.value).where(_META.c.name == name)) or 0)


def write_fact(run: Callable[..., CursorResult[Any]], name: str, value: str) -> None:
    """Note one fact, in the transaction of what runs statements."""
    changed = run(update(_META).where(_META.c.name == name).values(value=value), None)
    if changed.rowcount == 0:
        run(insert(_META).values(name=name, value=value), None)


@cache
def _platform_tables() -> str:
    engine = create_engine("sqlite://")
    text = []
    for table in PlatformBase.metadata.sorted_tables:
        text.append(str(CreateTable(table).compile(engine)))
        text += sorted(str(CreateIndex(index).compile(engine)) for index in table.indexes)
    return hashlib.blake2b("\n".join(text).encode(), digest_size=16).hexdigest()
