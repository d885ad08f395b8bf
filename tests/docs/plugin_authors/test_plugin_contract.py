"""The page on the contract test lists every rule, in the words of the rule."""

from pathlib import Path

from colonnade_runtime.testing.contract import RULES

PAGE = Path(__file__).parents[3] / "docs" / "plugin-authors" / "contract.md"


def test_the_page_lists_exactly_the_rules() -> None:
    listed = [line for line in PAGE.read_text("utf-8").splitlines() if line.startswith("| `")]
    assert listed == [f"| `{rule.name}` | {rule.title} |" for rule in RULES]
