"""Rows as the contract shows them."""

from collections.abc import Sequence

from colonnade.money import Money
from colonnade.presentation import Presentation, present
from colonnade_payment.api import (
    Coupon,
    Payment,
    Payout,
    Posting,
    Refund,
    SignedMoney,
    Transaction,
)
from colonnade_payment.models import (
    CouponRow,
    JournalRow,
    PaymentRow,
    PayoutRow,
    PostingRow,
    RefundRow,
)


def money(amount: int, currency: str) -> Money:
    """Make an amount of a currency, in minor units."""
    return Money(amount=amount, currency=currency)


present_payment = Presentation[PaymentRow, Payment](
    Payment,
    amount=lambda row: money(row.amount, row.currency),
    list_price=lambda row: money(row.list_amount, row.currency),
    refunded=lambda row: money(row.refunded, row.currency),
)


present_refund = Presentation[RefundRow, Refund](
    Refund, amount=lambda row: money(row.amount, row.currency)
)


present_payout = Presentation[PayoutRow, Payout](
    Payout, amount=lambda row: money(row.amount, row.currency)
)


def _fixed_amount(row: CouponRow) -> Money | None:
    if row.amount is None or row.currency is None:
        return None
    return money(row.amount, row.currency)


present_coupon = Presentation[CouponRow, Coupon](
    Coupon,
    kind=lambda row: "fixed" if row.percent is None else "percent",
    amount=_fixed_amount,
)


def present_transaction(row: JournalRow, postings: Sequence[PostingRow]) -> Transaction:
    """Present a journal with its lines."""
    lines = [
        Posting(
            account=line.account,
            amount=SignedMoney(amount=line.amount, currency=line.currency),
        )
        for line in postings
    ]
    return present(Transaction, row, postings=lines)
