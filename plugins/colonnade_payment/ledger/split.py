"""Dividing amounts without losing a minor unit: the method of largest remainders (Hamilton)."""

from collections.abc import Mapping, Sequence
from uuid import UUID


def allocate(amount: int, weights: Sequence[int]) -> list[int]:
    """Divide `amount` in proportion to `weights`, which are not negative and not all zero.

    Each part is its exact share rounded down; what is left goes, one unit each, to the largest
    remainders, of equal ones to the first. When `amount` is at most the sum of the weights no
    part exceeds its weight.
    """
    total = sum(weights)
    parts = [amount * weight // total for weight in weights]
    remainders = [amount * weight % total for weight in weights]
    by_remainder = sorted(range(len(weights)), key=lambda index: -remainders[index])
    for index in by_remainder[: amount - sum(parts)]:
        parts[index] += 1
    return parts


def split_sale(
    amount: int, instructors: Sequence[UUID], share_percent: int
) -> tuple[int, dict[UUID, int]]:
    """Divide a sale into the platform's fee and each instructor's share.

    Instructors share `share_percent` equally; without any, all of it is the platform's.
    """
    people = sorted(instructors)
    if not people or share_percent == 0:
        return amount, {}
    weights = [(100 - share_percent) * len(people), *[share_percent] * len(people)]
    fee, *shares = allocate(amount, weights)
    return fee, dict(zip(people, shares, strict=True))


def split_refund(
    amount: int, fee_left: int, shares_left: Mapping[UUID, int]
) -> tuple[int, dict[UUID, int]]:
    """Divide a refund into what it takes back of the fee and of each share, by what is left.

    Refunds that together return all of a payment take back exactly what was given.
    """
    people = sorted(shares_left)
    fee, *shares = allocate(amount, [fee_left, *[shares_left[person] for person in people]])
    return fee, dict(zip(people, shares, strict=True))
