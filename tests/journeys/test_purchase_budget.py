"""What a purchase may cost: commits, statements, questions to other services and to the policies.

The least of several purchases is counted: what the platform does from time to time, such as
renewing a lease, may fall into one of them.
"""

import pytest

from benchmarks.numbers.purchase_cost import COUNTED, Purchase, purchases

BUDGETS = {
    "first": {
        "commits": 18,
        "statements": 170,
        "not prepared": 2,
        "asks": 10,
        "evaluations": 7,
    },
    "known": {
        "commits": 18,
        "statements": 170,
        "not prepared": 2,
        "asks": 10,
        "evaluations": 0,
    },
}
"""Lower a number with what makes it lower. The provider commits twice more, to its own file."""


@pytest.fixture(scope="module")
def bought() -> dict[str, list[Purchase]]:
    return purchases(4)


@pytest.mark.parametrize("which", BUDGETS)
def test_a_purchase_keeps_within_its_budget(bought: dict[str, list[Purchase]], which: str) -> None:
    least = {name: min(each.counts[name] for each in bought[which]) for name in COUNTED}
    over = {
        name: f"{least[name]} instead of {allowed}"
        for name, allowed in BUDGETS[which].items()
        if least[name] > allowed
    }
    assert not over, least
