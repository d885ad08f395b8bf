"""Balances: always the sum of postings, never a number of their own."""

from datetime import datetime, timedelta

from sqlalchemy import func, select

from colonnade.operations import Call, handles
from colonnade.pagination import Page, SortKey, paginate
from colonnade.store import Session
from colonnade_payment.api import (
    Balance,
    ListBalances,
    ListTransactions,
    SignedMoney,
    Transaction,
)
from colonnade_payment.config import PaymentContext
from colonnade_payment.models import AccountRow, JournalRow, PostingRow
from colonnade_payment.presentation import present_transaction
from colonnade_payment.resources import BALANCE

BY_NAME = [SortKey(AccountRow.name), SortKey(AccountRow.currency)]
NEWEST_FIRST = [SortKey(JournalRow.created_at, descending=True), SortKey(JournalRow.id)]


class Books:
    """Handles what is asked about the ledger."""

    def __init__(self, ctx: PaymentContext) -> None:
        self._ctx = ctx

    @handles(ListBalances)
    async def balances(self, request: ListBalances, call: Call) -> Page[Balance]:
        """The accounts that the caller may see, by name."""
        query = select(AccountRow).where(call.visible(BALANCE))
        if request.user_id is not None:
            query = query.where(AccountRow.user_id == request.user_id)
        if request.currency is not None:
            query = query.where(AccountRow.currency == request.currency)
        hold = hold_of(self._ctx)

        def work(session: Session) -> Page[Balance]:
            held_since = session.now - hold
            return paginate(
                session,
                query,
                BY_NAME,
                request,
                lambda account: balance_of(session, account, held_since),
            )

        return await self._ctx.store.read(work)

    @handles(ListTransactions)
    async def transactions(self, request: ListTransactions, call: Call) -> Page[Transaction]:
        """Journals, newest first."""
        query = select(JournalRow)
        if request.payment_id is not None:
            query = query.where(JournalRow.payment_id == request.payment_id)
        return await self._ctx.store.read(
            lambda session: paginate(
                session, query, NEWEST_FIRST, request, lambda row: _with_postings(session, row)
            )
        )


def hold_of(ctx: PaymentContext) -> timedelta:
    """How long a share waits until it can be paid out."""
    return timedelta(seconds=float(ctx.tenant_config().payout_hold))


def balance_of(session: Session, account: AccountRow, held_since: datetime) -> Balance:
    """What an account has, and how much of it may leave."""
    total = _total(session, account)
    held = _held(session, account, held_since) if account.user_id is not None else 0
    return Balance(
        account=account.name,
        user_id=account.user_id,
        balance=SignedMoney(amount=total, currency=account.currency),
        held=SignedMoney(amount=held, currency=account.currency),
        available=SignedMoney(amount=total - held, currency=account.currency),
    )


def _total(session: Session, account: AccountRow) -> int:
    query = select(func.coalesce(func.sum(PostingRow.amount), 0)).where(
        PostingRow.account == account.name, PostingRow.currency == account.currency
    )
    return int(session.scalar(query) or 0)


def _held(session: Session, account: AccountRow, held_since: datetime) -> int:
    """What recent sales brought, less what refunds of those took back."""
    recent = select(JournalRow.payment_id).where(
        JournalRow.kind == "capture", JournalRow.created_at > held_since
    )
    query = select(func.coalesce(func.sum(PostingRow.amount), 0)).where(
        PostingRow.account == account.name,
        PostingRow.currency == account.currency,
        PostingRow.payment_id.in_(recent),
    )
    return int(session.scalar(query) or 0)


def _with_postings(session: Session, journal: JournalRow) -> Transaction:
    query = select(PostingRow).where(PostingRow.journal_id == journal.id).order_by(PostingRow.line)
    return present_transaction(journal, session.scalars(query).all())
