"""Parcels."""

from typing import Any

import sqlalchemy as sa

from colonnade.tables import PLACEHOLDER_SCHEMA, UtcDateTime


def upgrade(op: Any) -> None:
    op.create_table(
        "parcels",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("kept_until", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_parcels"),
        schema=PLACEHOLDER_SCHEMA,
    )
