"""The secret that all refresh tokens of a session share; sessions by when they end."""

import sqlalchemy as sa
from alembic.operations import Operations

from colonnade.tables import PLACEHOLDER_SCHEMA


def upgrade(op: Operations) -> None:
    """Add the column; sessions that began before get their secret when they are refreshed."""
    column = sa.Column("family", sa.LargeBinary(32), nullable=True)
    op.add_column("sessions", column, schema=PLACEHOLDER_SCHEMA)
    op.create_index(
        "ix_sessions_family", "sessions", ["family"], unique=True, schema=PLACEHOLDER_SCHEMA
    )
    op.create_index("ix_sessions_expires_at", "sessions", ["expires_at"], schema=PLACEHOLDER_SCHEMA)
