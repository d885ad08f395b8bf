"""External ids of files: what they are called where they were imported from."""

import sqlalchemy as sa
from alembic.operations import Operations

from colonnade.tables import PLACEHOLDER_SCHEMA


def upgrade(op: Operations) -> None:
    """Add the column, and that each value is taken once."""
    column = sa.Column("external_id", sa.String(200), nullable=True)
    op.add_column("files", column, schema=PLACEHOLDER_SCHEMA)
    op.create_index(
        "ix_files_external_id", "files", ["external_id"], unique=True, schema=PLACEHOLDER_SCHEMA
    )
