"""Crash points themselves."""

import os
import subprocess
import sys

import pytest

from colonnade.crash_points import crash_points

REACH_THREE_TIMES = """
from colonnade.crash_points import reach
for number in range(3):
    print(number, flush=True)
    reach("part.done")
    reach("part.rested", f"round-{number}")
"""


@pytest.mark.parametrize(
    ("where", "printed", "code"),
    [
        ("part.done", "0\n", -9),
        ("part.done:3", "0\n1\n2\n", -9),
        ("part.rested@part.done:2", "0\n1\n", -9),
        ("part.rested/round-1", "0\n1\n", -9),
        ("part.rested/round-9", "0\n1\n2\n", 0),
        ("part.done@part.rested:2", "0\n1\n2\n", -9),
        ("part.done@other.done", "0\n1\n2\n", 0),
        ("other.done", "0\n1\n2\n", 0),
        ("", "0\n1\n2\n", 0),
    ],
)
def test_the_variable_says_where_and_at_which_time_the_process_dies(
    where: str, printed: str, code: int
) -> None:
    environment = {**os.environ, "COLONNADE_CRASH_AT": where}
    ended = subprocess.run(
        [sys.executable, "-c", REACH_THREE_TIMES],
        env=environment, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert (ended.stdout, ended.returncode) == (printed, code)


def test_every_point_says_what_has_happened_there() -> None:
    import colonnade_runtime.background.events.event_handler
    import colonnade_runtime.background.events.outbox_pump
    import colonnade_runtime.background.sagas.saga_runner  # noqa: F401

    for name, description in crash_points().items():
        assert name.count(".") == 1
        assert len(description.split()) > 3
