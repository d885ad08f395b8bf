"""What is free, how waits grow, and how attempts drain away."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from colonnade.quantities import Duration
from colonnade_user.throttling.allowances import Allowance, ThrottleConfig


def allowance(
    free: int = 5, window: str = "1h", first: str = "30s", longest: str = "15m"
) -> Allowance:
    return Allowance(
        free=free,
        window=Duration.parse(window),
        first_wait=Duration.parse(first),
        longest_wait=Duration.parse(longest),
    )


ALLOWANCES = st.builds(
    lambda free, window, first, more: allowance(
        free, f"{window}s", f"{first}s", f"{min(86_400, first + more)}s"
    ),
    st.integers(1, 1000),
    st.integers(1, 86_400),
    st.integers(1, 3600),
    st.integers(0, 86_400),
)


def test_the_first_attempts_are_free_and_each_further_one_doubles_the_wait() -> None:
    level, waits = 0.0, []
    for _ in range(12):
        level = allowance().raised(level)
        waits.append(allowance().wait(level))

    assert waits == [0, 0, 0, 0, 0, 30, 60, 120, 240, 480, 900, 900]


def test_attempts_drain_away_evenly() -> None:
    assert allowance().drained(5, 0) == 5
    assert allowance().drained(5, 720) == pytest.approx(4)
    assert allowance().drained(5, 3600) == 0


@given(ALLOWANCES, st.integers(1, 5000))
def test_no_wait_is_longer_than_the_longest_however_many_attempts(
    each: Allowance, attempts: int
) -> None:
    level = 0.0
    for _ in range(min(attempts, each.free + 40)):
        level = each.raised(level)

    assert 0 <= each.wait(level) <= each.longest_wait


@given(ALLOWANCES)
def test_whoever_stops_is_forgotten_within_a_bound(each: Allowance) -> None:
    level = 0.0
    for _ in range(each.free + 60):
        level = each.raised(level)

    bound = each.longest_wait + each.window * (1 + 34 / each.free)
    assert each.empty_after(level) <= bound
    assert each.drained(level, each.empty_after(level)) == pytest.approx(0, abs=1e-6)


@given(ALLOWANCES, st.lists(st.floats(0, 100_000), max_size=30))
def test_a_level_never_falls_below_nothing_nor_rises_by_waiting(
    each: Allowance, pauses: list[float]
) -> None:
    level = 0.0
    for pause in pauses:
        before = level = each.raised(level)
        level = each.drained(level, pause)
        assert 0 <= level <= before


@pytest.mark.parametrize(
    "wrong",
    [{"free": 0}, {"first": "0s"}, {"first": "20m"}, {"longest": "25h"}, {"window": "0s"}],
)
def test_an_allowance_that_makes_no_sense_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        allowance(**wrong)  # type: ignore[arg-type]


def test_a_class_of_thirty_is_far_below_every_default_of_a_network() -> None:
    config = ThrottleConfig()

    assert config.network.free >= 30 * 5
    assert config.registrations.free >= 30 * 3
    assert config.mail_per_network.free >= 30
