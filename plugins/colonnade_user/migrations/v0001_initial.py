"""Accounts, credentials, profiles, sessions, refresh tokens and signing keys."""

import sqlalchemy as sa
from alembic.operations import Operations

from colonnade.tables import PLACEHOLDER_SCHEMA, UtcDateTime


def upgrade(op: Operations) -> None:
    """Create the tables."""
    _create_users(op)
    _create_belongings(op)
    _create_sessions(op)
    _create_signing_keys(op)


def _create_users(op: Operations) -> None:
    op.create_table(
        "users",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("email", sa.String(254), nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("folded_name", sa.String(600), nullable=False),
        sa.Column("role", sa.String(20), nullable=False),
        sa.Column("status", sa.String(20), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("updated_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_users"),
        sa.UniqueConstraint("email", name="uq_users_email"),
        schema=PLACEHOLDER_SCHEMA,
    )
    op.create_index(
        "ix_users_created_at_id", "users", ["created_at", "id"], schema=PLACEHOLDER_SCHEMA
    )
    op.create_index("ix_users_role", "users", ["role"], schema=PLACEHOLDER_SCHEMA)


def _create_belongings(op: Operations) -> None:
    op.create_table(
        "credentials",
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("password_hash", sa.String(300), nullable=False),
        sa.Column("changed_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("user_id", name="pk_credentials"),
        _belongs_to("credentials", "user_id", "users"),
        schema=PLACEHOLDER_SCHEMA,
    )
    op.create_table(
        "profiles",
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("headline", sa.String(200), nullable=True),
        sa.Column("biography", sa.Text(), nullable=True),
        sa.Column("website", sa.String(500), nullable=True),
        sa.Column("location", sa.String(200), nullable=True),
        sa.Column("visibility", sa.JSON(), nullable=False),
        sa.Column("audience", sa.String(20), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("updated_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("user_id", name="pk_profiles"),
        _belongs_to("profiles", "user_id", "users"),
        schema=PLACEHOLDER_SCHEMA,
    )


def _create_sessions(op: Operations) -> None:
    op.create_table(
        "sessions",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("last_used_at", UtcDateTime(), nullable=False),
        sa.Column("expires_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_sessions"),
        _belongs_to("sessions", "user_id", "users"),
        schema=PLACEHOLDER_SCHEMA,
    )
    op.create_index("ix_sessions_user_id", "sessions", ["user_id"], schema=PLACEHOLDER_SCHEMA)
    op.create_table(
        "refresh_tokens",
        sa.Column("digest", sa.LargeBinary(32), nullable=False),
        sa.Column("session_id", sa.Uuid(), nullable=False),
        sa.Column("issued_at", UtcDateTime(), nullable=False),
        sa.Column("used_at", UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("digest", name="pk_refresh_tokens"),
        _belongs_to("refresh_tokens", "session_id", "sessions"),
        schema=PLACEHOLDER_SCHEMA,
    )
    op.create_index(
        "ix_refresh_tokens_session_id", "refresh_tokens", ["session_id"], schema=PLACEHOLDER_SCHEMA
    )


def _create_signing_keys(op: Operations) -> None:
    op.create_table(
        "signing_keys",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("private_key", sa.JSON(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("signs_from", UtcDateTime(), nullable=False),
        sa.Column("verifies_until", UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_signing_keys"),
        schema=PLACEHOLDER_SCHEMA,
    )


def _belongs_to(table: str, column: str, referred: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        [column],
        [f"{PLACEHOLDER_SCHEMA}.{referred}.id"],
        name=f"fk_{table}_{column}_{referred}",
        ondelete="CASCADE",
    )
