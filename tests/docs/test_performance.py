"""The page on performance names every benchmark, and nothing that is none."""

import re
from pathlib import Path

from benchmarks.registry import at_least, at_most, benchmarks

PAGE = (Path(__file__).parents[2] / "docs" / "operators" / "performance.md").read_text()


def test_the_table_names_the_benchmarks_that_there_are() -> None:
    table = PAGE.partition("## What we got")[0]
    assert set(re.findall(r"^\| `([a-z-]+)` \|", table, re.MULTILINE)) == set(benchmarks())


def test_the_commands_name_benchmarks_that_there_are() -> None:
    named = [name for names in re.findall(r'ARGS="([^"]+)"', PAGE) for name in names.split()]
    assert named
    assert set(named) <= set(benchmarks())


def test_a_figure_says_whether_it_was_met() -> None:
    assert at_least("ratio", 0.6, 0.61).line().startswith("met")
    assert at_least("ratio", 0.6, 0.59).line().startswith("MISSED")
    assert at_most("time", 60, 59, "µs").line().startswith("met")
    assert at_most("time", 60, 61, "µs").line().startswith("MISSED")
