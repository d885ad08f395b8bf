"""Rows as the contract shows them."""

from collections.abc import Sequence
from typing import TypeVar

from colonnade.messages import Message
from colonnade.money import Money
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

MessageT = TypeVar("MessageT", bound=Message)


def _like(model: type[MessageT], row: object, **others: object) -> MessageT:
    values = {name: getattr(row, name) for name in model.model_fields if name not in others}
    return model.model_validate(values | others)


def money(amount: int, currency: str) -> Money:
    """Make an amount of a currency, in minor units."""
    return Money(amount=amount, currency=currency)


def payment_of(row: PaymentRow) -> Payment:
    """Present a payment."""
    return _like(
        Payment,
        row,
        amount=money(row.amount, row.currency),
        list_price=money(row.list_amount, row.currency),
        refunded=money(row.refunded, row.currency),
    )


def refund_of(row: RefundRow) -> Refund:
    """Present a refund."""
    return _like(Refund, row, amount=money(row.amount, row.currency))


def payout_of(row: PayoutRow) -> Payout:
    """Present a payout."""
    return _like(Payout, row, amount=money(row.amount, row.currency))


def coupon_of(row: CouponRow) -> Coupon:
    """Present a coupon."""
    amount = None
    if row.amount is not None and row.currency is not None:
        amount = money(row.amount, row.currency)
    kind = "fixed" if row.percent is None else "percent"
    return _like(Coupon, row, kind=kind, amount=amount)


def transaction_of(row: JournalRow, postings: Sequence[PostingRow]) -> Transaction:
    """Present a journal with its lines."""
    lines = [
        Posting(
            account=line.account,
            amount=SignedMoney(amount=line.amount, currency=line.currency),
        )
        for line in postings
    ]
    return _like(Transaction, row, postings=lines)
