"""What people do causes no statement, question, evaluation or commit that is not written down.

The least of several times is counted: what the platform does from time to time, such as renewing a
lease, may fall into one of them.
"""

import collections
import json
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from benchmarks.flows import FLOWS

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "internals" / "flows.md"
SECONDS = 300
COUNTING = """
import json
from benchmarks.flows import in_words, outcomes

found = {
    name: [[(step.service, in_words(step)) for step in each.steps] for each in times]
    for name, times in outcomes(3).items()
}
print(json.dumps(found))
"""

Row = tuple[str, str]


@pytest.fixture(scope="module")
def carried_out() -> Mapping[str, list[list[Row]]]:
    """Steps of each time, taken in a process of its own: recording patches what it records."""
    counting = subprocess.run(
        [sys.executable, "-c", COUNTING], cwd=ROOT, capture_output=True, timeout=SECONDS, text=True
    )
    assert counting.returncode == 0, counting.stderr
    found: dict[str, list[list[list[str]]]] = json.loads(counting.stdout.splitlines()[-1])
    return {
        name: [[(service, what) for service, what in steps] for steps in times]
        for name, times in found.items()
    }


def documented(flow: str) -> Iterator[Row]:
    """Rows of the table below the heading of a flow."""
    _, _, section = PAGE.read_text("utf-8").partition(f"\n## {flow}\n")
    assert section, f"{PAGE.name} has no section '{flow}'"
    for line in section.partition("\n## ")[0].splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if line.startswith("|") and "`" in cells[1]:
            yield cells[0], cells[1]


@pytest.mark.parametrize("flow", FLOWS)
def test_nothing_happens_that_is_not_written_down(
    carried_out: Mapping[str, list[list[Row]]], flow: str
) -> None:
    allowed = collections.Counter(documented(flow))
    beyond = [collections.Counter(steps) - allowed for steps in carried_out[flow]]
    fewest = min(beyond, key=collections.Counter.total)
    assert not fewest, f"more than {PAGE.name} says: {dict(fewest)}"


@pytest.mark.parametrize("flow", FLOWS)
def test_the_commits_are_those_that_are_written_down(
    carried_out: Mapping[str, list[list[Row]]], flow: str
) -> None:
    def commits(rows: list[Row]) -> int:
        return sum(what == "`COMMIT`" for _, what in rows)

    assert min(map(commits, carried_out[flow])) == commits(list(documented(flow)))
