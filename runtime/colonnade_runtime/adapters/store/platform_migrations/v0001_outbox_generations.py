"""How often an event was asked for again, so that nothing accepted before counts as sent."""

from alembic.operations import Operations
from sqlalchemy import Column, Integer, inspect, text

from colonnade.tables import PLACEHOLDER_SCHEMA


def upgrade(op: Operations) -> None:
    """Give the outbox its generations."""
    columns = inspect(op.get_bind()).get_columns("colonnade_outbox")
    # A file that lost the table got it anew a moment ago, in its newest form.
    if "generation" not in {column["name"] for column in columns}:
        generation = Column("generation", Integer, nullable=False, server_default=text("0"))
        op.add_column("colonnade_outbox", generation, schema=PLACEHOLDER_SCHEMA)
