"""Certificates can be revoked."""

import sqlalchemy as sa
from alembic.operations import Operations

from colonnade.tables import PLACEHOLDER_SCHEMA, UtcDateTime


def upgrade(op: Operations) -> None:
    """Certificates can be revoked."""
    with op.batch_alter_table("certificates", schema=PLACEHOLDER_SCHEMA) as batch_op:
        batch_op.add_column(sa.Column("revoked_at", UtcDateTime(), nullable=True))
        batch_op.add_column(sa.Column("revocation_reason", sa.String(300), nullable=True))
