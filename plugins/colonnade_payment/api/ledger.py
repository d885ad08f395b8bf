"""Operations on the ledger, balances and payouts."""

from datetime import datetime
from uuid import UUID

from pydantic import Field

from colonnade.messages import Message, Request
from colonnade.money import Currency, Money
from colonnade.operations import operation
from colonnade.pagination import ListRequest, Page
from colonnade_payment.api.errors import BalanceTooLow, PayoutState
from colonnade_payment.api.types import JournalKind, PayoutStatus, Reason, SignedMoney


class Posting(Message):
    """One line of a journal: what an account gains, or loses when negative."""

    account: str
    amount: SignedMoney


class Transaction(Message):
    """A journal of the ledger. Its postings sum to zero in each currency; it never changes.

    `reference` is the id of the payment, refund or payout that it books.
    """

    id: UUID
    kind: JournalKind
    reference: UUID
    payment_id: UUID | None
    postings: list[Posting]
    created_at: datetime


class Balance(Message):
    """Balance of an account: the sum of its postings.

    Of an instructor's account `held` is still within the hold period and `available` may be
    paid out. Accounts of the world outside, `external:…`, mirror what came in and went out.
    """

    account: str
    user_id: UUID | None
    balance: SignedMoney
    held: SignedMoney
    available: SignedMoney


class Payout(Message):
    """An instructor's money on its way to them."""

    id: UUID
    instructor_id: UUID
    status: PayoutStatus
    amount: Money
    reason: str | None
    reference: str | None
    created_at: datetime
    approved_at: datetime | None
    paid_at: datetime | None
    version: int


@operation("payment", action="transaction.read", idempotent=True)
class ListTransactions(ListRequest[Page[Transaction]]):
    """List journals of the ledger, newest first."""

    payment_id: UUID | None = None


@operation("payment", action="balance.read", idempotent=True)
class ListBalances(ListRequest[Page[Balance]]):
    """List the balances the caller may see: one's own, or all accounts."""

    user_id: UUID | None = None
    currency: Currency | None = None


@operation("payment", action="payout.create", errors=[BalanceTooLow], per_day=20)
class RequestPayout(Request[Payout]):
    """Ask for one's available balance, or a part of it, to be paid out."""

    amount: Money | None = Field(None, description="All that is available when left out.")


@operation("payment", action="payout.read", idempotent=True)
class ListPayouts(ListRequest[Page[Payout]]):
    """List payouts the caller may see, newest first."""

    instructor_id: UUID | None = None
    status: PayoutStatus | None = None


@operation("payment", action="payout.read", idempotent=True)
class GetPayout(Request[Payout]):
    """Read a payout."""

    payout_id: UUID


@operation("payment", action="payout.approve", idempotent=True, errors=[PayoutState], per_day=2000)
class ApprovePayout(Request[Payout]):
    """Agree to a payout that was requested."""

    payout_id: UUID


@operation("payment", action="payout.approve", idempotent=True, errors=[PayoutState], per_day=2000)
class RejectPayout(Request[Payout]):
    """Refuse a payout that has not been paid; the amount returns to the balance."""

    payout_id: UUID
    reason: Reason


@operation("payment", action="payout.pay", idempotent=True, errors=[PayoutState], per_day=2000)
class MarkPayoutPaid(Request[Payout]):
    """Note that an approved payout has left, under the bank's reference."""

    payout_id: UUID
    reference: Reason
