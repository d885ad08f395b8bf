"""Payments, refunds, the ledger, payouts, coupons and what is known of courses and providers."""

import sqlalchemy as sa
from alembic.operations import Operations

from colonnade.tables import PLACEHOLDER_SCHEMA, UtcDateTime
from colonnade_payment.migrations.ledger_triggers import seal_ledger


def upgrade(op: Operations) -> None:
    """Create the tables."""
    _create_payments(op)
    _create_payment_shares(op)
    _create_refunds(op)
    _create_accounts(op)
    _create_journals(op)
    _create_postings(op)
    _create_payouts(op)
    _create_coupons(op)
    _create_coupon_redemptions(op)
    _create_course_instructors(op)
    _create_provider_notices(op)
    seal_ledger(op)


def _create_payments(op: Operations) -> None:
    op.create_table(
        "payments",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("course_id", sa.Uuid(), nullable=False),
        sa.Column("method", sa.String(255), nullable=False),
        sa.Column("provider", sa.String(40), nullable=False),
        sa.Column("coupon_code", sa.String(40), nullable=True),
        sa.Column("list_amount", sa.BigInteger(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.String(3), nullable=False),
        sa.Column("platform_fee", sa.BigInteger(), nullable=False),
        sa.Column("platform_fee_reversed", sa.BigInteger(), nullable=False),
        sa.Column("refunding", sa.BigInteger(), nullable=False),
        sa.Column("refunded", sa.BigInteger(), nullable=False),
        sa.Column("status", sa.String(20), nullable=False),
        sa.Column("reason_code", sa.String(100), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("enrollment_id", sa.Uuid(), nullable=True),
        sa.Column("authorization", sa.String(255), nullable=False),
        sa.Column("capture", sa.String(255), nullable=False),
        sa.Column("cancel_requested", sa.Boolean(), nullable=False),
        sa.Column("captured_at", UtcDateTime(), nullable=True),
        sa.Column("watch_until", UtcDateTime(), nullable=True),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        *_history(),
        sa.PrimaryKeyConstraint("id", name="pk_payments"),
        schema=PLACEHOLDER_SCHEMA,
    )
    _index(op, "ix_payments_authorization", "payments", "authorization")
    _index(op, "ix_payments_capture", "payments", "capture")
    _index(op, "ix_payments_course", "payments", "course_id", "created_at", "id")
    _index(op, "ix_payments_newest", "payments", "created_at", "id")
    _index(op, "ix_payments_status", "payments", "status", "created_at", "id")
    _index(op, "ix_payments_user", "payments", "user_id", "created_at", "id")
    _index(op, "ix_payments_watch", "payments", "watch_until")


def _create_payment_shares(op: Operations) -> None:
    op.create_table(
        "payment_shares",
        sa.Column("payment_id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("reversed", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("payment_id", "user_id", name="pk_payment_shares"),
        _reference("payment_shares", "payment_id", "payments"),
        schema=PLACEHOLDER_SCHEMA,
    )


def _create_refunds(op: Operations) -> None:
    op.create_table(
        "refunds",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("payment_id", sa.Uuid(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.String(3), nullable=False),
        sa.Column("status", sa.String(20), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("failure", sa.Text(), nullable=True),
        sa.Column("requested_by", sa.String(200), nullable=False),
        sa.Column("provider", sa.String(40), nullable=False),
        sa.Column("provider_reference", sa.String(255), nullable=True),
        sa.Column("refunded_at", UtcDateTime(), nullable=True),
        *_history(),
        sa.PrimaryKeyConstraint("id", name="pk_refunds"),
        sa.UniqueConstraint("provider", "provider_reference", name="uq_refunds_provider"),
        _reference("refunds", "payment_id", "payments"),
        schema=PLACEHOLDER_SCHEMA,
    )
    _index(op, "ix_refunds_payment", "refunds", "payment_id", "created_at", "id")


def _create_accounts(op: Operations) -> None:
    op.create_table(
        "accounts",
        sa.Column("name", sa.String(100), nullable=False),
        sa.Column("currency", sa.String(3), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=True),
        sa.PrimaryKeyConstraint("name", "currency", name="pk_accounts"),
        schema=PLACEHOLDER_SCHEMA,
    )
    _index(op, "ix_accounts_user", "accounts", "user_id")


def _create_journals(op: Operations) -> None:
    op.create_table(
        "journals",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("reference", sa.Uuid(), nullable=False),
        sa.Column("payment_id", sa.Uuid(), nullable=True),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_journals"),
        sa.UniqueConstraint("kind", "reference", name="uq_journals_kind"),
        schema=PLACEHOLDER_SCHEMA,
    )
    _index(op, "ix_journals_newest", "journals", "created_at", "id")
    _index(op, "ix_journals_payment", "journals", "payment_id")


def _create_postings(op: Operations) -> None:
    op.create_table(
        "postings",
        sa.Column("journal_id", sa.Uuid(), nullable=False),
        sa.Column("line", sa.Integer(), nullable=False),
        sa.Column("account", sa.String(100), nullable=False),
        sa.Column("currency", sa.String(3), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("payment_id", sa.Uuid(), nullable=True),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("journal_id", "line", name="pk_postings"),
        _reference("postings", "journal_id", "journals", deferred=True),
        schema=PLACEHOLDER_SCHEMA,
    )
    _index(op, "ix_postings_account", "postings", "account", "currency", "payment_id")


def _create_payouts(op: Operations) -> None:
    op.create_table(
        "payouts",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("instructor_id", sa.Uuid(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.String(3), nullable=False),
        sa.Column("status", sa.String(20), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("reference", sa.Text(), nullable=True),
        sa.Column("approved_by", sa.String(200), nullable=True),
        sa.Column("approved_at", UtcDateTime(), nullable=True),
        sa.Column("paid_at", UtcDateTime(), nullable=True),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        *_history(),
        sa.PrimaryKeyConstraint("id", name="pk_payouts"),
        schema=PLACEHOLDER_SCHEMA,
    )
    _index(op, "ix_payouts_instructor", "payouts", "instructor_id", "created_at", "id")
    _index(op, "ix_payouts_newest", "payouts", "created_at", "id")


def _create_coupons(op: Operations) -> None:
    op.create_table(
        "coupons",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("code", sa.String(40), nullable=False),
        sa.Column("percent", sa.Integer(), nullable=True),
        sa.Column("amount", sa.BigInteger(), nullable=True),
        sa.Column("currency", sa.String(3), nullable=True),
        sa.Column("course_id", sa.Uuid(), nullable=True),
        sa.Column("starts_at", UtcDateTime(), nullable=True),
        sa.Column("ends_at", UtcDateTime(), nullable=True),
        sa.Column("total_limit", sa.Integer(), nullable=True),
        sa.Column("person_limit", sa.Integer(), nullable=True),
        sa.Column("redeemed", sa.Integer(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        *_history(),
        sa.PrimaryKeyConstraint("id", name="pk_coupons"),
        sa.UniqueConstraint("code", name="uq_coupons_code"),
        schema=PLACEHOLDER_SCHEMA,
    )
    _index(op, "ix_coupons_newest", "coupons", "created_at", "id")


def _create_coupon_redemptions(op: Operations) -> None:
    op.create_table(
        "coupon_redemptions",
        sa.Column("payment_id", sa.Uuid(), nullable=False),
        sa.Column("coupon_id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.PrimaryKeyConstraint("payment_id", name="pk_coupon_redemptions"),
        _reference("coupon_redemptions", "coupon_id", "coupons"),
        _reference("coupon_redemptions", "payment_id", "payments"),
        schema=PLACEHOLDER_SCHEMA,
    )
    _index(op, "ix_coupon_redemptions_person", "coupon_redemptions", "coupon_id", "user_id")


def _create_course_instructors(op: Operations) -> None:
    op.create_table(
        "course_instructors",
        sa.Column("course_id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("course_id", "user_id", name="pk_course_instructors"),
        schema=PLACEHOLDER_SCHEMA,
    )


def _create_provider_notices(op: Operations) -> None:
    op.create_table(
        "provider_notices",
        sa.Column("provider", sa.String(40), nullable=False),
        sa.Column("id", sa.String(255), nullable=False),
        sa.Column("effect", sa.String(40), nullable=False),
        sa.Column("received_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("provider", "id", name="pk_provider_notices"),
        schema=PLACEHOLDER_SCHEMA,
    )


def _history() -> tuple[sa.Column[object], ...]:
    return (
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("updated_at", UtcDateTime(), nullable=False),
    )


def _reference(
    table: str, column: str, target: str, *, deferred: bool = False
) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        [column],
        [f"{PLACEHOLDER_SCHEMA}.{target}.id"],
        name=f"fk_{table}_{column}_{target}",
        deferrable=deferred or None,
        initially="DEFERRED" if deferred else None,
    )


def _index(op: Operations, name: str, table: str, *columns: str) -> None:
    op.create_index(name, table, list(columns), schema=PLACEHOLDER_SCHEMA)
