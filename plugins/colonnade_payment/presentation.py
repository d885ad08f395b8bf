"""Rows as the contract shows them."""

from collections.abc import Sequence

from colonnade.money import Money
from colonnade.presentation import present
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


def present_payment(row: PaymentRow) -> Payment:
    """Present a payment."""
    return present(
        Payment,
        row,
        amount=money(row.amount, row.currency),
        list_price=money(row.list_amount, row.currency),
        refunded=money(row.refunded, row.currency),
    )


def present_refund(row: RefundRow) -> Refund:
    """Present a refund."""
    return present(Refund, row, amount=money(row.amount, row.currency))


def present_payout(row: PayoutRow) -> Payout:
    """Present a payout."""
    return present(Payout, row, amount=money(row.amount, row.currency))


def present_coupon(row: CouponRow) -> Coupon:
    """Present a coupon."""
    amount = None
    if row.amount is not None and row.currency is not None:
        amount = money(row.amount, row.currency)
    kind = "fixed" if row.percent is None else "percent"
    return present(Coupon, row, kind=kind, amount=amount)


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
