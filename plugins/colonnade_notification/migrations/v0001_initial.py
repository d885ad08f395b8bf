"""Notifications, how people want them, templates, suppressions, push subscriptions and keys."""

import sqlalchemy as sa
from alembic.operations import Operations

from colonnade.tables import PLACEHOLDER_SCHEMA, UtcDateTime


def upgrade(op: Operations) -> None:
    """Create the tables."""
    _create_notifications(op)
    _create_settings(op)
    _create_modes(op)
    _create_templates(op)
    _create_suppressions(op)
    _create_push_subscriptions(op)
    _create_erased(op)
    _create_keys(op)


def _create_notifications(op: Operations) -> None:
    table = "notifications"
    op.create_table(
        table,
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("source_id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("channel", sa.String(40), nullable=False),
        sa.Column("kind", sa.String(60), nullable=False),
        sa.Column("category", sa.String(20), nullable=False),
        sa.Column("facts", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("link", sa.Text(), nullable=True),
        sa.Column("status", sa.String(20), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("problem", sa.Text(), nullable=True),
        sa.Column("message_id", sa.String(200), nullable=False),
        sa.Column("digest_id", sa.Uuid(), nullable=True),
        sa.Column("targets", sa.Text(), nullable=True),
        sa.Column("due_at", UtcDateTime(), nullable=False),
        sa.Column("sent_at", UtcDateTime(), nullable=True),
        sa.Column("read_at", UtcDateTime(), nullable=True),
        *_history(),
        sa.PrimaryKeyConstraint("id", name="pk_notifications"),
        sa.UniqueConstraint("source_id", "user_id", "channel", name="uq_notifications_once"),
        schema=PLACEHOLDER_SCHEMA,
    )
    _index(op, "ix_notifications_own", table, "user_id", "channel", "created_at", "id")
    _index(op, "ix_notifications_status", table, "status", "created_at", "id")
    _index(op, "ix_notifications_digest", table, "digest_id")


def _create_settings(op: Operations) -> None:
    op.create_table(
        "notification_settings",
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("locale", sa.String(35), nullable=True),
        sa.Column("timezone", sa.String(64), nullable=True),
        sa.Column("quiet_from", sa.Integer(), nullable=True),
        sa.Column("quiet_until", sa.Integer(), nullable=True),
        sa.Column("digest_hour", sa.Integer(), nullable=False),
        sa.Column("digest_weekday", sa.Integer(), nullable=False),
        _version(),
        *_history(),
        sa.PrimaryKeyConstraint("user_id", name="pk_notification_settings"),
        schema=PLACEHOLDER_SCHEMA,
    )


def _create_modes(op: Operations) -> None:
    op.create_table(
        "notification_modes",
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("channel", sa.String(40), nullable=False),
        sa.Column("category", sa.String(20), nullable=False),
        sa.Column("mode", sa.String(20), nullable=False),
        sa.PrimaryKeyConstraint("user_id", "channel", "category", name="pk_notification_modes"),
        schema=PLACEHOLDER_SCHEMA,
    )


def _create_templates(op: Operations) -> None:
    op.create_table(
        "notification_templates",
        sa.Column("kind", sa.String(60), nullable=False),
        sa.Column("locale", sa.String(35), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("html", sa.Text(), nullable=True),
        sa.Column("action", sa.Text(), nullable=True),
        sa.Column("problem", sa.Text(), nullable=True),
        sa.Column("updated_by", sa.String(200), nullable=False),
        _version(),
        *_history(),
        sa.PrimaryKeyConstraint("kind", "locale", name="pk_notification_templates"),
        schema=PLACEHOLDER_SCHEMA,
    )


def _create_suppressions(op: Operations) -> None:
    table = "notification_suppressions"
    op.create_table(
        table,
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("channel", sa.String(40), nullable=False),
        sa.Column("address", sa.String(320), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=True),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_notification_suppressions"),
        sa.UniqueConstraint("channel", "address", name="uq_notification_suppressions_address"),
        schema=PLACEHOLDER_SCHEMA,
    )
    _index(op, "ix_notification_suppressions_newest", table, "created_at", "id")
    _index(op, "ix_notification_suppressions_user", table, "user_id")


def _create_push_subscriptions(op: Operations) -> None:
    table = "push_subscriptions"
    op.create_table(
        table,
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("endpoint", sa.Text(), nullable=False),
        sa.Column("p256dh", sa.String(200), nullable=False),
        sa.Column("auth", sa.String(60), nullable=False),
        sa.Column("label", sa.String(200), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_push_subscriptions"),
        sa.UniqueConstraint("endpoint", name="uq_push_subscriptions_endpoint"),
        schema=PLACEHOLDER_SCHEMA,
    )
    _index(op, "ix_push_subscriptions_user", table, "user_id", "created_at", "id")


def _create_erased(op: Operations) -> None:
    op.create_table(
        "erased_recipients",
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("erased_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("user_id", name="pk_erased_recipients"),
        schema=PLACEHOLDER_SCHEMA,
    )


def _create_keys(op: Operations) -> None:
    op.create_table(
        "notification_keys",
        sa.Column("name", sa.String(40), nullable=False),
        sa.Column("value", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_notification_keys"),
        schema=PLACEHOLDER_SCHEMA,
    )


def _version() -> sa.Column[int]:
    return sa.Column("version", sa.Integer(), nullable=False)


def _history() -> tuple[sa.Column[object], ...]:
    return (
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("updated_at", UtcDateTime(), nullable=False),
    )


def _index(op: Operations, name: str, table: str, *columns: str) -> None:
    op.create_index(name, table, list(columns), schema=PLACEHOLDER_SCHEMA)
