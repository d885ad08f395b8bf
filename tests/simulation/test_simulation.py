"""Six services in virtual time: whatever is delayed, doubled, lost or killed, promises are kept."""

import os
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from colonnade.policy import PolicyEngine
from colonnade_runtime.background.events import inbox
from tests.simulation.academies import Site
from tests.simulation.telling import tell

SEEDS = 60
SOAKED = 10_000
AT_ONCE = 10
"""Seeds of one test."""

ASKED = [int(os.environ["SEED"])] if "SEED" in os.environ else []
"""The one seed that somebody wants to see again."""

ONCE_BROKEN = {4845: "accepted, then the broker wiped, then republished, then marked as sent"}
"""Seeds that broke a promise, and how."""

ROOT = Path(__file__).parents[2]
FINGERPRINT = ROOT / "tests" / "simulation" / "fingerprint.py"


def expect_promises_kept(site: Site, policy: PolicyEngine, seeds: range) -> None:
    for seed in seeds:
        told = tell(site, policy, seed)
        if ASKED:
            print(*told.lines, sep="\n")
        if told.violation:
            pytest.fail(told.report(), pytrace=False)


@pytest.mark.parametrize("first", ASKED or range(1, SEEDS, AT_ONCE))
def test_promises_are_kept(site: Site, policy: PolicyEngine, first: int) -> None:
    expect_promises_kept(site, policy, range(first, first + (1 if ASKED else AT_ONCE)))


@pytest.mark.parametrize("seed", ONCE_BROKEN)
def test_promises_are_kept_where_they_were_broken_once(
    site: Site, policy: PolicyEngine, seed: int
) -> None:
    expect_promises_kept(site, policy, range(seed, seed + 1))


@pytest.mark.soak
@pytest.mark.parametrize("first", range(SEEDS + 1, SEEDS + SOAKED, 10 * AT_ONCE))
def test_promises_are_kept_for_many_seeds(site: Site, policy: PolicyEngine, first: int) -> None:
    expect_promises_kept(site, policy, range(first, first + 10 * AT_ONCE))


def test_without_the_inbox_effects_are_doubled_and_that_is_seen(
    site: Site, policy: PolicyEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(inbox, "claim", lambda *_: None)
    monkeypatch.setattr(inbox, "has_handled", lambda *_: lambda session: False)
    violations = [tell(site, policy, seed).violation for seed in range(1, 11)]
    assert sum("effects on" in violation for violation in violations) >= 2, violations


def test_a_seed_is_one_history_in_every_process(site: Site, policy: PolicyEngine) -> None:
    seeds = (3, 4)
    here = [f"{tell(site, policy, seed).fingerprint:08x}" for seed in seeds]
    again = [f"{tell(site, policy, seed).fingerprint:08x}" for seed in seeds]
    assert here == again
    elsewhere = subprocess.run(
        [sys.executable, FINGERPRINT, *map(str, seeds)],
        env={**os.environ, "PYTHONHASHSEED": "1", "COLONNADE_OWNER_PASSWORD": "a password"},
        cwd=ROOT, capture_output=True, text=True, timeout=120, check=True,
    )  # fmt: skip
    assert elsewhere.stdout.split() == here


def test_the_page_quotes_what_is_done_here() -> None:
    page = (ROOT / "docs/plugin-authors/simulation.md").read_text()
    block = page.partition("```python\n")[2].partition("```")[0]
    assert block in (ROOT / "tests/simulation/telling.py").read_text()


def test_seeds_are_different_histories_in_which_processes_die(
    site: Site, policy: PolicyEngine
) -> None:
    told = [tell(site, policy, seed) for seed in range(1, 9)]
    assert len({each.fingerprint for each in told}) == len(told)
    assert sum(each.deaths for each in told) >= 4
    points: Counter[str] = Counter()
    for each in told:
        points.update(each.points)
    assert {name.partition(".")[0] for name in points} >= {"relay", "delivery", "saga", "store"}
