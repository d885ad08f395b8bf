"""Which token follows which in a session, and from where one was traded last."""

import sqlalchemy as sa
from alembic.operations import Operations

from colonnade.tables import PLACEHOLDER_SCHEMA


def upgrade(op: Operations) -> None:
    """Add the columns; a session that began before gets both when it is refreshed."""
    for column in (
        sa.Column("succession", sa.LargeBinary(32), nullable=True),
        sa.Column("exchanged_from", sa.LargeBinary(16), nullable=True),
    ):
        op.add_column("sessions", column, schema=PLACEHOLDER_SCHEMA)
