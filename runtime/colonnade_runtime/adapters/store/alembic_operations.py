"""Alembic's operations for one tenant's schema."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from alembic.migration import MigrationContext
from alembic.operations import BatchOperations, Operations
from alembic.operations.ops import (
    AddColumnOp,
    AlterColumnOp,
    DropColumnOp,
    MigrateOperation,
    RenameTableOp,
)
from sqlalchemy import Connection

from colonnade.rows import PLACEHOLDER_SCHEMA, tenant_metadata

# Alembic renders the schema of these itself, where SQLAlchemy's translation does not reach.
_UNTRANSLATED = (AddColumnOp, AlterColumnOp, DropColumnOp, RenameTableOp)


class TenantOperations(Operations):
    """`op` of a migration: the placeholder schema stands for the tenant's in every operation."""

    def __init__(self, connection: Connection) -> None:
        # The metadata brings the naming convention: constraints are named as the models' are.
        options = {"target_metadata": tenant_metadata()}
        super().__init__(MigrationContext.configure(connection, opts=options))
        translation = connection.get_execution_options().get("schema_translate_map", {})
        self._schema: str | None = translation.get(PLACEHOLDER_SCHEMA)

    def invoke(self, operation: MigrateOperation) -> Any:
        """Run one operation on the tenant's own schema."""
        if isinstance(operation, _UNTRANSLATED) and operation.schema == PLACEHOLDER_SCHEMA:
            operation.schema = self._schema
        return super().invoke(operation)

    @contextmanager
    def batch_alter_table(
        self, table_name: str, schema: str | None = None, *arguments: Any, **options: Any
    ) -> Iterator[BatchOperations]:
        """Change a table in ways that SQLite can only do by copying it."""
        if schema == PLACEHOLDER_SCHEMA:
            schema = self._schema
        with super().batch_alter_table(table_name, schema, *arguments, **options) as batch:
            yield batch
