"""Schema migrations: modules `v0001_<what>.py` in a package, each with `upgrade(op)`.

A service's store carries the number of the last migration it went through. The store runs what
is missing, in order, each in a transaction of its own together with the new number.
"""

import hashlib
import importlib
import re
from codecs import BOM_UTF8
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib import resources
from typing import Any

from sqlalchemy import Connection, MetaData, create_engine, inspect
from sqlalchemy.engine import Inspector
from sqlalchemy.pool import StaticPool

from colonnade.errors import ConfigurationError
from colonnade.rows import PLACEHOLDER_SCHEMA
from colonnade.services import StoreNeed

_MODULE = re.compile(r"(v(\d{4})_[a-z0-9_]+)\.py")


@dataclass(frozen=True, slots=True)
class Migration:
    """One step of a schema; `source` is its text, by which a changed step is told apart.

    A byte order mark and the kind of its ends of lines are no change.
    """

    number: int
    name: str
    module: str
    source: bytes

    def upgrade(self, connection: Connection) -> None:
        """Run this step on a connection whose transaction the caller owns.

        Raises:
            ConfigurationError: when the module has no `upgrade(op)`.
        """
        from colonnade_runtime.adapters.store.alembic_operations import TenantOperations

        function = getattr(importlib.import_module(self.module), "upgrade", None)
        if not callable(function):
            raise ConfigurationError(
                f"{self.module} has no function 'upgrade(op)'; a migration needs one."
            )
        function(TenantOperations(connection))


@dataclass(frozen=True, slots=True)
class MigrationPlan:
    """Every migration of one package, in order; `digest` changes when any of them does."""

    package: str
    migrations: tuple[Migration, ...]

    @property
    def latest(self) -> int:
        """The number of the newest schema that this code knows."""
        return len(self.migrations)

    @property
    def digest(self) -> bytes:
        """A digest of all sources."""
        summary = hashlib.blake2b(digest_size=16)
        for migration in self.migrations:
            summary.update(hashlib.blake2b(migration.source).digest())
        return summary.digest()

    def after(self, version: int) -> Sequence[Migration]:
        """Migrations that a store at `version` misses."""
        return self.migrations[version:]


def discover_migrations(package: str) -> MigrationPlan:
    """The migrations in a package, without running any.

    Raises:
        ConfigurationError: when the package cannot be imported, or its numbers have a gap or
            a double.
    """
    try:
        folder = resources.files(package)
    except ImportError as error:
        raise ConfigurationError(
            f"The migrations package '{package}' cannot be imported: {error}."
        ) from error
    found = []
    for entry in folder.iterdir():
        match = _MODULE.fullmatch(entry.name)
        if match is not None:
            name, number = match.groups()
            source = entry.read_bytes().removeprefix(BOM_UTF8).replace(b"\r\n", b"\n")
            found.append(Migration(int(number), name, f"{package}.{name}", source))
    found.sort(key=lambda migration: migration.number)
    for expected, migration in enumerate(found, start=1):
        if migration.number != expected:
            raise ConfigurationError(
                f"The migrations of '{package}' are not numbered in a row: "
                f"v{expected:04d} was expected where {migration.name} is."
            )
    return MigrationPlan(package, tuple(found))


def models_metadata(need: StoreNeed) -> MetaData:
    """The metadata of a service's models.

    Raises:
        ConfigurationError: when the models module has no declarative `Base`.
    """
    base = getattr(importlib.import_module(need.models), "Base", None)
    metadata = getattr(base, "metadata", None)
    if not isinstance(metadata, MetaData):
        raise ConfigurationError(
            f"{need.models} has no class 'Base' with metadata; declare it with tenant_metadata()."
        )
    return metadata


def schema_differences(need: StoreNeed) -> list[str]:
    """Differences between the schema that the migrations lead to and the models', in sentences.

    Both are built in a database in memory and read back, so only differences that the database
    sees count.
    """
    plan = discover_migrations(need.migrations)

    def migrate(connection: Connection) -> None:
        for migration in plan.migrations:
            migration.upgrade(connection)

    migrated = _built(migrate)
    declared = _built(models_metadata(need).create_all)
    sentences = []
    for table in sorted(migrated.keys() | declared.keys()):
        if table not in migrated:
            sentences.append(f"Table '{table}' is in the models and no migration creates it.")
        elif table not in declared:
            sentences.append(f"Table '{table}' is made by the migrations and no model has it.")
        else:
            sentences += _table_differences(table, migrated[table], declared[table])
    return sentences


def _table_differences(table: str, migrated: set[str], declared: set[str]) -> list[str]:
    missing = sorted(declared - migrated)
    extra = sorted(migrated - declared)
    return [
        *(f"Table '{table}': the models have {part}, the migrations do not." for part in missing),
        *(f"Table '{table}': the migrations have {part}, the models do not." for part in extra),
    ]


def _built(build: Callable[[Connection], None]) -> dict[str, set[str]]:
    engine = create_engine("sqlite://", poolclass=StaticPool)
    try:
        with engine.begin() as connection:
            build(
                connection.execution_options(schema_translate_map={PLACEHOLDER_SCHEMA: None}),
            )
            inspector = inspect(connection)
            return {name: _parts(inspector, name) for name in inspector.get_table_names()}
    finally:
        engine.dispose()


def _parts(inspector: Inspector, table: str) -> set[str]:
    parts = {_column(column) for column in inspector.get_columns(table)}
    parts.add(f"primary key {inspector.get_pk_constraint(table)['constrained_columns']}")
    for index in inspector.get_indexes(table):
        where = index.get("dialect_options", {}).get("sqlite_where", "")
        unique = "unique index" if index["unique"] else "index"
        parts.add(f"{unique} '{index['name']}' on {index['column_names']} {where}".rstrip())
    for key in inspector.get_foreign_keys(table):
        parts.add(
            f"foreign key '{key['name']}' {key['constrained_columns']} → {key['referred_table']} "
            f"{key['referred_columns']} {sorted(key.get('options', {}).items())}"
        )
    for unique_constraint in inspector.get_unique_constraints(table):
        columns = unique_constraint["column_names"]
        parts.add(f"unique constraint '{unique_constraint['name']}' on {columns}")
    for check in inspector.get_check_constraints(table):
        parts.add(f"check '{check['name']}': {check['sqltext']}")
    return parts


def _column(column: Any) -> str:
    nullable = "null" if column["nullable"] else "not null"
    default = f" default {column['default']}" if column["default"] is not None else ""
    return f"column '{column['name']}' {column['type']} {nullable}{default}"
