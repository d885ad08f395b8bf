"""Dividing amounts: nothing is lost, nobody gets more than their part allows."""

from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from colonnade_payment.ledger.split import allocate, split_refund, split_sale

WEIGHTS = st.lists(st.integers(0, 10**6), min_size=1, max_size=8).filter(any)
PEOPLE = st.lists(st.uuids(), max_size=5, unique=True)


@given(amount=st.integers(0, 10**12), weights=WEIGHTS)
def test_parts_sum_to_the_amount_and_are_within_one_of_the_exact_share(
    amount: int, weights: list[int]
) -> None:
    parts = allocate(amount, weights)
    assert sum(parts) == amount
    total = sum(weights)
    for part, weight in zip(parts, weights, strict=True):
        assert abs(part * total - amount * weight) < total


@given(weights=WEIGHTS, share=st.floats(0, 1))
def test_a_part_of_an_amount_that_the_weights_cover_never_exceeds_its_weight(
    weights: list[int], share: float
) -> None:
    parts = allocate(int(sum(weights) * share), weights)
    assert all(0 <= part <= weight for part, weight in zip(parts, weights, strict=True))


def test_what_is_left_goes_to_the_largest_remainders() -> None:
    assert allocate(100, [1, 1, 1]) == [34, 33, 33]
    assert allocate(10, [5, 3, 3]) == [4, 3, 3]
    assert allocate(7, [2, 1]) == [5, 2]


@given(amount=st.integers(1, 10**9), people=PEOPLE, percent=st.integers(0, 100))
def test_a_sale_is_divided_completely(amount: int, people: list[UUID], percent: int) -> None:
    fee, shares = split_sale(amount, people, percent)
    assert fee + sum(shares.values()) == amount
    assert fee >= 0
    assert all(share >= 0 for share in shares.values())
    if people and percent:
        assert max(shares.values()) - min(shares.values()) <= 1


@given(
    amount=st.integers(1, 10**6),
    people=PEOPLE,
    percent=st.integers(0, 100),
    cuts=st.lists(st.integers(1, 10**6), max_size=10),
)
def test_refunds_that_return_everything_take_back_exactly_what_was_given(
    amount: int, people: list[UUID], percent: int, cuts: list[int]
) -> None:
    fee, shares = split_sale(amount, people, percent)
    left, fee_left, shares_left = amount, fee, dict(shares)
    for cut in [*cuts, amount]:
        part = min(cut, left)
        if part == 0:
            break
        fee_back, back = split_refund(part, fee_left, shares_left)
        assert fee_back + sum(back.values()) == part
        fee_left -= fee_back
        shares_left = {user: shares_left[user] - back[user] for user in shares_left}
        assert fee_left >= 0
        assert all(share >= 0 for share in shares_left.values())
        left -= part
    assert left == 0
    assert fee_left == 0
    assert not any(shares_left.values())


def test_without_instructors_all_of_it_is_the_platforms() -> None:
    assert split_sale(4900, [], 70) == (4900, {})
