"""Balances of accounts: always the sum of postings, never a number of their own."""

from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, func, select

from colonnade.store import Session
from colonnade_payment.api import Balance, SignedMoney
from colonnade_payment.config import TenantPaymentConfig
from colonnade_payment.models import AccountRow, JournalRow, PostingRow


def payout_hold(config: TenantPaymentConfig) -> timedelta:
    """Time for which a share waits until it can be paid out."""
    return timedelta(seconds=float(config.payout_hold))


def balance_of(session: Session, account: AccountRow, held_since: datetime) -> Balance:
    """Sum an account's postings, and the part of them that may be paid out.

    Shares of sales after `held_since` are held.
    """
    # Only people are paid out, so nothing of the platform's own accounts is ever held.
    total = _sum(session, account)
    held = _held(session, account, held_since) if account.user_id is not None else 0
    return Balance(
        account=account.name,
        user_id=account.user_id,
        balance=SignedMoney(amount=total, currency=account.currency),
        held=SignedMoney(amount=held, currency=account.currency),
        available=SignedMoney(amount=total - held, currency=account.currency),
    )


def _held(session: Session, account: AccountRow, held_since: datetime) -> int:
    """Sum what recent sales brought, less what refunds of those took back."""
    recent = select(JournalRow.payment_id).where(
        JournalRow.kind == "capture", JournalRow.created_at > held_since
    )
    return _sum(session, account, PostingRow.payment_id.in_(recent))


def _sum(session: Session, account: AccountRow, *conditions: ColumnElement[bool]) -> int:
    query = select(func.coalesce(func.sum(PostingRow.amount), 0)).where(
        PostingRow.account == account.name, PostingRow.currency == account.currency, *conditions
    )
    return int(session.scalar(query) or 0)
