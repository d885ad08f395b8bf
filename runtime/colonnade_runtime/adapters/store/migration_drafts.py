"""Drafts of the next migration: what leads from the migrations of a service to its models.

Alembic compares a database in memory, made by the migrations, with the models. It lies in a schema
called as the placeholder, so that what is drafted speaks of the placeholder too.
"""

from typing import Literal

from alembic.autogenerate.api import AutogenContext, produce_migrations, render_python_code
from alembic.migration import MigrationContext
from alembic.operations.ops import (
    AddColumnOp,
    DropColumnOp,
    DropTableOp,
    MigrateOperation,
    ModifyTableOps,
    UpgradeOps,
)
from sqlalchemy import Column, Connection, MetaData, create_engine
from sqlalchemy.pool import StaticPool

from colonnade.rows import PLACEHOLDER_SCHEMA
from colonnade.services import StoreNeed
from colonnade.tables import UtcDateTime
from colonnade_runtime.adapters.store.migrations import discover_migrations, models_metadata

_FILE = '''"""{title}"""

{imports}


def upgrade(op: Operations) -> None:
    """{title}"""
{body}
'''


class MigrationDraft:
    """Draft of a migration: `number` and `cautions`, sentences for whoever reads it; `operations`
    are none when the migrations lead to the models already."""

    def __init__(self, need: StoreNeed) -> None:
        plan = discover_migrations(need.migrations)
        self.number = plan.latest + 1
        engine = create_engine("sqlite://", poolclass=StaticPool)
        try:
            with engine.begin() as connection:
                connection.exec_driver_sql(f"ATTACH ':memory:' AS {PLACEHOLDER_SCHEMA}")
                translation = {PLACEHOLDER_SCHEMA: PLACEHOLDER_SCHEMA}
                connection = connection.execution_options(schema_translate_map=translation)
                for migration in plan.migrations:
                    migration.upgrade(connection)
                self.operations, self._body = _compared(connection, models_metadata(need))
        finally:
            engine.dispose()
        self.cautions = _cautions(self.operations)

    def source(self, title: str) -> str:
        """Text of the migration's module; `title` is a sentence."""
        body = self._body.replace(f"'{PLACEHOLDER_SCHEMA}'", "PLACEHOLDER_SCHEMA")
        names = [name for name in ("PLACEHOLDER_SCHEMA", "UtcDateTime") if name in body]
        imports = [
            *(["import sqlalchemy as sa"] if "sa." in body else []),
            "from alembic.operations import Operations",
            f"from colonnade.tables import {', '.join(names)}",
        ]
        return _FILE.format(title=title, imports="\n".join(imports), body=body)


def _compared(connection: Connection, models: MetaData) -> tuple[UpgradeOps, str]:
    declared = _bare(models)
    options = {
        "target_metadata": declared,
        "include_schemas": True,
        "include_name": lambda name, kind, _: kind != "schema" or name == PLACEHOLDER_SCHEMA,
        "compare_type": True,
        "compare_server_default": True,
        "render_as_batch": True,
    }
    context = MigrationContext.configure(connection, opts=options)
    operations = produce_migrations(context, declared).upgrade_ops
    assert operations is not None
    text = render_python_code(
        operations, render_as_batch=True, render_item=_rendered, migration_context=context
    )
    lines = [line for line in text.splitlines() if not line.strip().startswith("# ###")]
    body = "\n".join(f"    {line}".rstrip() if _unindented(line) else line for line in lines)
    return operations, body.strip("\n")


def _unindented(line: str) -> bool:
    return bool(line) and not line.startswith(" ")


def _bare(models: MetaData) -> MetaData:
    """Copies of the tables without what is said of them to Colonnade alone."""
    copied = MetaData(schema=models.schema, naming_convention=models.naming_convention)
    for table in models.sorted_tables:
        copy = table.to_metadata(copied)
        copy.info.clear()
        for column in copy.columns:
            if column.autoincrement is False:
                column.autoincrement = "auto"
    return copied


def _rendered(kind: str, item: object, _: AutogenContext) -> str | Literal[False]:
    """Types of our own by the names under which a migration imports them."""
    return "UtcDateTime()" if kind == "type" and isinstance(item, UtcDateTime) else False


def _cautions(operations: UpgradeOps) -> list[str]:
    return [said for operation in _each(operations) if (said := _caution(operation))]


def _each(operations: UpgradeOps) -> list[MigrateOperation]:
    found: list[MigrateOperation] = []
    for operation in operations.ops:
        found += operation.ops if isinstance(operation, ModifyTableOps) else [operation]
    return found


def _caution(operation: MigrateOperation) -> str:
    if isinstance(operation, DropTableOp):
        return (
            f"It drops the table '{operation.table_name}' with its rows. If it was renamed, write "
            "op.rename_table in place of dropping one and creating the other."
        )
    if isinstance(operation, DropColumnOp):
        return (
            f"It drops '{operation.table_name}.{operation.column_name}' with its values. If it was "
            "renamed, write alter_column(…, new_column_name=…) in place of both."
        )
    if isinstance(operation, AddColumnOp) and _has_no_value(operation.column):
        return (
            f"'{operation.table_name}.{operation.column.name}' is not null and has no "
            "server_default: rows that are there would have no value. Declare one, or fill it in "
            "the migration."
        )
    return ""


def _has_no_value(column: "Column[object]") -> bool:
    return not column.nullable and column.server_default is None
