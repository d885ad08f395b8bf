"""Counters of attempts, and the devices that somebody signed in from."""

import sqlalchemy as sa
from alembic.operations import Operations

from colonnade.tables import PLACEHOLDER_SCHEMA, UtcDateTime


def upgrade(op: Operations) -> None:
    """Create the tables."""
    op.create_table(
        "counters",
        sa.Column("digest", sa.LargeBinary(16), nullable=False),
        sa.Column("level", sa.Double(), nullable=False),
        sa.Column("raised_at", UtcDateTime(), nullable=False),
        sa.Column("forgotten_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("digest", name="pk_counters"),
        schema=PLACEHOLDER_SCHEMA,
    )
    op.create_index(
        "ix_counters_forgotten_at", "counters", ["forgotten_at"], schema=PLACEHOLDER_SCHEMA
    )
    op.create_table(
        "devices",
        sa.Column("digest", sa.LargeBinary(32), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("network", sa.LargeBinary(16), nullable=False),
        sa.Column("last_used_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("digest", name="pk_devices"),
        sa.ForeignKeyConstraint(
            ["user_id"],
            [f"{PLACEHOLDER_SCHEMA}.users.id"],
            name="fk_devices_user_id_users",
            ondelete="CASCADE",
        ),
        schema=PLACEHOLDER_SCHEMA,
    )
    op.create_index("ix_devices_user_id", "devices", ["user_id"], schema=PLACEHOLDER_SCHEMA)
    op.create_index(
        "ix_devices_last_used_at", "devices", ["last_used_at"], schema=PLACEHOLDER_SCHEMA
    )
