"""Handlers of the operations on payouts.

An instructor asks, somebody who may agrees, and records when the money has left.
"""

from uuid import UUID

from colonnade.idempotency import once
from colonnade.lookups import permitted
from colonnade.money import Money
from colonnade.operations import Call, handles
from colonnade.pagination import Listing, Page, SortKey, paginate
from colonnade.store import Session
from colonnade_payment.api import (
    ApprovePayout,
    BalanceTooLow,
    GetPayout,
    JournalKind,
    ListPayouts,
    MarkPayoutPaid,
    Payout,
    PayoutApproved,
    PayoutFact,
    PayoutPaid,
    PayoutRejected,
    PayoutRequested,
    PayoutState,
    RejectPayout,
    RequestPayout,
)
from colonnade_payment.config import PaymentContext
from colonnade_payment.ledger.balances import balance_of, payout_hold
from colonnade_payment.ledger.journals import BANK, PAYOUTS, Entry, book, instructor_account
from colonnade_payment.models import AccountRow, PayoutRow
from colonnade_payment.presentation import money, present_payout
from colonnade_payment.resources import PAYOUT
from colonnade_payment.statuses import PayoutStatus

EVERY_PAYOUT = Listing(
    PayoutRow, PAYOUT, instructor_id=PayoutRow.instructor_id, status=PayoutRow.status
)
NEWEST_FIRST = [SortKey(PayoutRow.created_at, descending=True), SortKey(PayoutRow.id)]


class PayoutHandlers:
    """Operations on payouts."""

    def __init__(self, ctx: PaymentContext) -> None:
        self._ctx = ctx

    @handles(RequestPayout)
    async def request_payout(self, request: RequestPayout, call: Call) -> Payout:
        """Set aside what an instructor wants of their available balance."""
        instructor_id, payout_id = call.require_person(), self._ctx.new_id()

        def order(session: Session) -> Payout:
            row = PayoutRow(
                id=payout_id,
                instructor_id=instructor_id,
                status=PayoutStatus.REQUESTED,
                sequence=0,
                amount=0,
                currency="",
            )
            call.require(session, PAYOUT, row)
            amount = self._amount(session, instructor_id, request.amount)
            row.amount, row.currency = amount.amount, amount.currency
            session.add(row)
            session.flush()
            _book(session, "payout_requested", row, instructor_account(instructor_id), PAYOUTS)
            _publish(session, PayoutRequested, row)
            return present_payout(row)

        return await self._ctx.store.run(
            lambda session: once(session, call, request, lambda: order(session))
        )

    @handles(ListPayouts)
    async def list_payouts(self, request: ListPayouts, call: Call) -> Page[Payout]:
        """List the payouts that the caller may see, newest first."""
        query = EVERY_PAYOUT.query(call, instructor_id=request.instructor_id, status=request.status)
        return await self._ctx.store.read(
            lambda session: paginate(session, query, NEWEST_FIRST, request, present_payout)
        )

    @handles(GetPayout)
    async def get_payout(self, request: GetPayout, call: Call) -> Payout:
        """Read one payout."""
        return await self._ctx.store.read(
            lambda session: present_payout(
                permitted(session, call, PAYOUT, PayoutRow, request.payout_id)
            )
        )

    @handles(ApprovePayout)
    async def approve_payout(self, request: ApprovePayout, call: Call) -> Payout:
        """Approve a payout; doing so again changes nothing."""

        def work(session: Session) -> Payout:
            row = permitted(session, call, PAYOUT, PayoutRow, request.payout_id)
            if row.status != PayoutStatus.APPROVED:
                _check_status(row, PayoutStatus.REQUESTED)
                row.status, row.approved_by = PayoutStatus.APPROVED, call.principal_id
                row.approved_at = session.now
                session.flush()
                _publish(session, PayoutApproved, row)
            return present_payout(row)

        return await self._ctx.store.run(work)

    @handles(RejectPayout)
    async def reject_payout(self, request: RejectPayout, call: Call) -> Payout:
        """Reject a payout; the amount is the instructor's again."""

        def work(session: Session) -> Payout:
            row = permitted(session, call, PAYOUT, PayoutRow, request.payout_id)
            if row.status != PayoutStatus.REJECTED:
                _check_status(row, PayoutStatus.REQUESTED, PayoutStatus.APPROVED)
                row.status, row.reason = PayoutStatus.REJECTED, request.reason
                session.flush()
                account = instructor_account(row.instructor_id)
                _book(session, "payout_rejected", row, PAYOUTS, account)
                _publish(session, PayoutRejected, row, reason=request.reason)
            return present_payout(row)

        return await self._ctx.store.run(work)

    @handles(MarkPayoutPaid)
    async def mark_payout_paid(self, request: MarkPayoutPaid, call: Call) -> Payout:
        """Record that the money has left."""

        def work(session: Session) -> Payout:
            row = permitted(session, call, PAYOUT, PayoutRow, request.payout_id)
            if (row.status, row.reference) != (PayoutStatus.PAID, request.reference):
                _check_status(row, PayoutStatus.APPROVED)
                row.status, row.reference = PayoutStatus.PAID, request.reference
                row.paid_at = session.now
                session.flush()
                _book(session, "payout_paid", row, PAYOUTS, BANK)
                _publish(session, PayoutPaid, row, reference=request.reference)
            return present_payout(row)

        return await self._ctx.store.run(work)

    def _amount(self, session: Session, instructor_id: UUID, wanted: Money | None) -> Money:
        config = self._ctx.tenant_config()
        currency = wanted.currency if wanted else self._ctx.tenant().currency
        key = (instructor_account(instructor_id), currency)
        # Locked: two requests at once cannot both take what is there.
        account = session.get(AccountRow, key, for_update=True)
        available = 0
        if account is not None:
            held_since = session.now - payout_hold(config)
            available = max(0, balance_of(session, account, held_since).available.amount)
        amount = wanted.amount if wanted else available
        least = max(config.payout_minimum, 1)
        if amount > available or amount < least:
            raise BalanceTooLow(
                f"{money(available, currency)} is available, and a payout is "
                f"{money(least, currency)} at least.",
                details={
                    "available": money(available, currency).model_dump(),
                    "minimum": money(least, currency).model_dump(),
                },
            )
        return money(amount, currency)


def _check_status(row: PayoutRow, *wanted: PayoutStatus) -> None:
    if row.status not in wanted:
        raise PayoutState(f"The payout is {row.status}.", details={"status": row.status})


def _book(session: Session, kind: JournalKind, row: PayoutRow, source: str, target: str) -> None:
    def entry(account: str, amount: int) -> Entry:
        is_own = account == instructor_account(row.instructor_id)
        return Entry(account, amount, row.instructor_id if is_own else None)

    entries = [entry(source, -row.amount), entry(target, row.amount)]
    book(session, kind, row.id, row.currency, entries)


def _publish(session: Session, model: type[PayoutFact], row: PayoutRow, **more: str) -> None:
    row.sequence += 1
    session.publish(
        model.model_validate(
            {
                "payout_id": row.id,
                "instructor_id": row.instructor_id,
                "amount": money(row.amount, row.currency),
                "at": session.now,
                "sequence": row.sequence,
                **more,
            }
        )
    )
