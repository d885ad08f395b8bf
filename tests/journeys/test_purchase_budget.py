"""What a purchase may cost: commits, statements, questions to other services and to the policies.

The least of several purchases is counted: what the platform does from time to time, such as
renewing a lease, may fall into one of them.
"""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.numbers.purchase_cost import COUNTED

BUDGETS = {
    "first": {
        "commits": 15,
        "statements": 130,
        "not prepared": 0,
        "asks": 10,
        "evaluations": 0,
    },
    "known": {
        "commits": 15,
        "statements": 130,
        "not prepared": 0,
        "asks": 10,
        "evaluations": 0,
    },
    "new role": {"evaluations": 4},
    "together": {"commits": 10, "statements": 130, "asks": 10, "not prepared": 1},
}
"""Lower a number with what makes it lower. The provider commits twice more, to its own file. Of
purchases made together the mean is counted, and a look of the sweeper may fall into it."""

ROOT = Path(__file__).parents[2]
SECONDS = 300
COUNTING = """
import json
from benchmarks.numbers.purchase_cost import purchases

print(json.dumps({which: [each.counts for each in found] for which, found in purchases(4).items()}))
"""


@pytest.fixture(scope="module")
def bought() -> dict[str, list[dict[str, int]]]:
    """Counts of each purchase, taken in a process of its own: counting patches what it counts."""
    counting = subprocess.run(
        [sys.executable, "-c", COUNTING], cwd=ROOT, capture_output=True, timeout=SECONDS, text=True
    )
    assert counting.returncode == 0, counting.stderr
    found: dict[str, list[dict[str, int]]] = json.loads(counting.stdout.splitlines()[-1])
    return found


@pytest.mark.parametrize("which", BUDGETS)
def test_a_purchase_keeps_within_its_budget(
    bought: dict[str, list[dict[str, int]]], which: str
) -> None:
    least = {name: min(each.get(name, 0) for each in bought[which]) for name in COUNTED}
    over = {
        name: f"{least[name]} instead of {allowed}"
        for name, allowed in BUDGETS[which].items()
        if least[name] > allowed
    }
    assert not over, least
