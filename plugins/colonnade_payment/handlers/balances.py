"""Handlers of the ledger's operations: balances and transactions."""

from sqlalchemy import select

from colonnade.operations import Call, handles
from colonnade.pagination import Page, SortKey, paginate
from colonnade.store import Session
from colonnade_payment.api import Balance, ListBalances, ListTransactions, Transaction
from colonnade_payment.config import PaymentContext
from colonnade_payment.ledger.balances import balance_of, payout_hold
from colonnade_payment.models import AccountRow, JournalRow, PostingRow
from colonnade_payment.presentation import present_transaction
from colonnade_payment.resources import BALANCE

BY_NAME = [SortKey(AccountRow.name), SortKey(AccountRow.currency)]
NEWEST_FIRST = [SortKey(JournalRow.created_at, descending=True), SortKey(JournalRow.id)]


class BalanceHandlers:
    """Operations on balances and on the journals that they are the sum of."""

    def __init__(self, ctx: PaymentContext) -> None:
        self._ctx = ctx

    @handles(ListBalances)
    async def list_balances(self, request: ListBalances, call: Call) -> Page[Balance]:
        """List the accounts that the caller may see, by name."""
        query = select(AccountRow).where(call.visible(BALANCE))
        if request.user_id is not None:
            query = query.where(AccountRow.user_id == request.user_id)
        if request.currency is not None:
            query = query.where(AccountRow.currency == request.currency)
        hold = payout_hold(self._ctx.tenant_config())

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
    async def list_transactions(self, request: ListTransactions, call: Call) -> Page[Transaction]:
        """List journals, newest first."""
        query = select(JournalRow)
        if request.payment_id is not None:
            query = query.where(JournalRow.payment_id == request.payment_id)
        return await self._ctx.store.read(
            lambda session: paginate(
                session, query, NEWEST_FIRST, request, lambda row: _with_postings(session, row)
            )
        )


def _with_postings(session: Session, journal: JournalRow) -> Transaction:
    query = select(PostingRow).where(PostingRow.journal_id == journal.id).order_by(PostingRow.line)
    return present_transaction(journal, session.scalars(query).all())
