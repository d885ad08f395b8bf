"""The third party's saga, killed between any two transactions, ends with every effect once."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml
from environments import Installation

pytestmark = [pytest.mark.slow, pytest.mark.faults]

DRIVER = Path(__file__).with_name("saga_driver.py")
KILLED = -9
POINTS = ("saga.recorded", "saga.acted")


@pytest.fixture
def quiz_site(site: Path) -> Path:
    declared = yaml.safe_load((site / "platform.yaml").read_text())
    declared["services"] = {
        "user": None,
        "course": None,
        "content": None,
        "quiz": {"plugin": "acme-quiz"},
    }
    (site / "platform.yaml").write_text(yaml.safe_dump(declared))
    return site


def crashes(
    installation: Installation, site: Path, paper: str, *points: str
) -> list[dict[str, Any]]:
    driver = shutil.copy(DRIVER, site.parent)
    ran = installation.run(installation.python, driver, site, paper, *points, cwd=site.parent)
    assert ran.returncode == 0, ran.stderr
    lines = (site.parent / "told.jsonl").read_text().splitlines()
    told = [json.loads(line) for line in lines]
    for point in points:
        assert [each for each in told if each["point"] == point and each["killed"] == KILLED], point
    assert [each for each in told if each["ended"] != 0] == [], ran.stderr
    return told


@pytest.mark.parametrize("paper", ["my own answers", "slow but sure"])
def test_a_paper_is_certified_once(installation: Installation, quiz_site: Path, paper: str) -> None:
    """A slow one is marked, and its answer lost: nobody knows, until the books are asked."""
    for crash in crashes(installation, quiz_site, paper, *POINTS):
        assert crash["effects"] == {"desk": 1, "mark": 1, "certify": 1}, crash
        assert crash["end"] == {"status": "passed", "passes": 1}, crash


def test_a_forged_one_is_undone(installation: Installation, quiz_site: Path) -> None:
    for crash in crashes(installation, quiz_site, "forged", *POINTS, "saga.undone"):
        assert crash["effects"] == {"desk": 1, "mark": 1, "withdraw": 1, "free": 1}, crash
        assert crash["end"] == {"status": "rejected", "passes": 0}, crash


def test_what_it_publishes_takes_effect_once(installation: Installation, quiz_site: Path) -> None:
    points = ("relay.read", "relay.published", "relay.marked", "delivery.handled")
    for crash in crashes(installation, quiz_site, "my own answers", *points):
        assert crash["end"] == {"status": "passed", "passes": 1}, crash
