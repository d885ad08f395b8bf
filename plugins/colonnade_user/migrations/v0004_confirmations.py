"""Addresses as they were given, with their compared form beside; confirmations and invitations."""

import unicodedata

import sqlalchemy as sa
from alembic.operations import Operations

from colonnade.tables import PLACEHOLDER_SCHEMA, UtcDateTime

_USERS = sa.Table(
    "users",
    sa.MetaData(),
    sa.Column("id", sa.Uuid()),
    sa.Column("email", sa.String()),
    sa.Column("folded_email", sa.String()),
    sa.Column("casefolded_email", sa.String()),
    schema=PLACEHOLDER_SCHEMA,
)


def upgrade(op: Operations) -> None:
    """Add the columns, fill them for the accounts that are there, and create the tables."""
    _add_columns(op)
    _fold_addresses(op)
    op.create_index(
        "ix_users_folded_email", "users", ["folded_email"], unique=True, schema=PLACEHOLDER_SCHEMA
    )
    op.create_index(
        "ix_users_casefolded_email", "users", ["casefolded_email"], schema=PLACEHOLDER_SCHEMA
    )
    _create_confirmations(op)
    _create_invitations(op)


def _add_columns(op: Operations) -> None:
    for column in (
        sa.Column("folded_email", sa.String(600), nullable=False, server_default=sa.text("''")),
        sa.Column("casefolded_email", sa.String(254), nullable=True),
        sa.Column("email_verified_at", UtcDateTime(), nullable=True),
    ):
        op.add_column("users", column, schema=PLACEHOLDER_SCHEMA)


def _fold_addresses(op: Operations) -> None:
    # Case-folded addresses that differ stay different in lower case: none meets another here.
    connection = op.get_bind()
    for identifier, email in connection.execute(sa.select(_USERS.c.id, _USERS.c.email)).all():
        folded = unicodedata.normalize("NFC", unicodedata.normalize("NFC", email).lower())
        connection.execute(
            sa.update(_USERS)
            .where(_USERS.c.id == identifier)
            .values(folded_email=folded, casefolded_email=email)
        )


def _create_confirmations(op: Operations) -> None:
    op.create_table(
        "confirmations",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("purpose", sa.String(40), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=True),
        sa.Column("email", sa.String(254), nullable=False),
        sa.Column("folded_email", sa.String(600), nullable=False),
        sa.Column("name", sa.String(200), nullable=True),
        sa.Column("password_hash", sa.String(300), nullable=True),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("expires_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_confirmations"),
        _belongs_to("confirmations", "user_id", "users"),
        schema=PLACEHOLDER_SCHEMA,
    )
    _index(op, "ix_confirmations_email", "confirmations", "folded_email", "purpose")
    _index(op, "ix_confirmations_user_id", "confirmations", "user_id")
    _index(op, "ix_confirmations_expires_at", "confirmations", "expires_at")
    op.create_table(
        "confirmation_tokens",
        sa.Column("digest", sa.LargeBinary(32), nullable=False),
        sa.Column("confirmation_id", sa.Uuid(), nullable=False),
        sa.Column("expires_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("digest", name="pk_confirmation_tokens"),
        _belongs_to("confirmation_tokens", "confirmation_id", "confirmations"),
        schema=PLACEHOLDER_SCHEMA,
    )
    _index(op, "ix_confirmation_tokens_confirmation_id", "confirmation_tokens", "confirmation_id")


def _create_invitations(op: Operations) -> None:
    op.create_table(
        "invitations",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("email", sa.String(254), nullable=False),
        sa.Column("folded_email", sa.String(600), nullable=False),
        sa.Column("role", sa.String(20), nullable=False),
        sa.Column("courses", sa.JSON(), nullable=False),
        sa.Column("status", sa.String(20), nullable=False),
        sa.Column("invited_by", sa.Uuid(), nullable=True),
        sa.Column("user_id", sa.Uuid(), nullable=True),
        sa.Column("expires_at", UtcDateTime(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("updated_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_invitations"),
        schema=PLACEHOLDER_SCHEMA,
    )
    _index(op, "ix_invitations_created_at_id", "invitations", "created_at", "id")
    _index(op, "ix_invitations_email", "invitations", "folded_email", "status")
    _index(op, "ix_invitations_invited_by", "invitations", "invited_by", "status")


def _index(op: Operations, name: str, table: str, *columns: str) -> None:
    op.create_index(name, table, list(columns), schema=PLACEHOLDER_SCHEMA)


def _belongs_to(table: str, column: str, referred: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        [column],
        [f"{PLACEHOLDER_SCHEMA}.{referred}.id"],
        name=f"fk_{table}_{column}_{referred}",
        ondelete="CASCADE",
    )
