"""Statuses within the service are those of its contract."""

from enum import StrEnum
from typing import Any, get_args

import pytest

from colonnade_payment import api
from colonnade_payment.statuses import FAILED, OPEN, PaymentStatus, PayoutStatus, RefundStatus


@pytest.mark.parametrize(
    ("statuses", "contract"),
    [
        (PaymentStatus, api.PaymentStatus),
        (RefundStatus, api.RefundStatus),
        (PayoutStatus, api.PayoutStatus),
    ],
)
def test_every_status_is_one_of_the_contract_and_the_other_way_round(
    statuses: type[StrEnum], contract: Any
) -> None:
    assert {str(status) for status in statuses} == set(get_args(contract))


def test_a_payment_is_open_has_moved_money_or_came_to_nothing() -> None:
    moved = {
        PaymentStatus.CAPTURED,
        PaymentStatus.REFUNDED,
        PaymentStatus.PARTIALLY_REFUNDED,
    }
    assert sorted([*OPEN, *FAILED, *moved]) == sorted(PaymentStatus)
