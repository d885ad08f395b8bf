"""A choice of cases in which any two properties meet as they do in all of them."""

from collections.abc import Sequence
from itertools import combinations

Case = tuple[str, str, str]


def covering(cases: Sequence[Case]) -> list[Case]:
    """A small part of `cases` with every pair of values that occurs in any of them: always the
    case that adds most, the first of equals."""
    missing = {pair for case in cases for pair in _pairs(case)}
    chosen: list[Case] = []
    while missing:
        best = max(cases, key=lambda case: len(_pairs(case) & missing))
        chosen.append(best)
        missing -= _pairs(best)
    return chosen


def _pairs(case: Case) -> set[tuple[int, str, int, str]]:
    return {(one, case[one], other, case[other]) for one, other in combinations(range(3), 2)}
