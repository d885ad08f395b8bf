"""No number names a person, and none gives away another that is not shown."""

from itertools import product

from hypothesis import given
from hypothesis import strategies as st

from colonnade_analytics.privacy.cohorts import Cohort, protected
from colonnade_analytics.privacy.suppression import (
    is_small,
    shown,
    shown_part,
    shown_parts,
    total_may_be_shown,
)

PARTS = st.lists(st.integers(0, 12), max_size=6)
SMALLEST = st.integers(1, 8)


@given(st.integers(0, 30), SMALLEST)
def test_small_groups_are_not_shown(number: int, smallest: int) -> None:
    assert (shown(number, smallest) is None) == (0 < number < smallest)


@given(st.integers(0, 20), st.integers(0, 20), SMALLEST)
def test_a_part_is_shown_when_it_and_the_rest_are_large(
    part: int, rest: int, smallest: int
) -> None:
    visible = shown_part(part, part + rest, smallest)
    assert (visible is None) == (is_small(part, smallest) or is_small(rest, smallest))


@given(PARTS, SMALLEST)
def test_what_is_shown_is_true_and_never_small(parts: list[int], smallest: int) -> None:
    for part, visible in zip(parts, shown_parts(parts, smallest), strict=True):
        assert visible in (None, part)
        assert visible is None or not is_small(visible, smallest)


@given(PARTS, SMALLEST)
def test_the_sum_gives_no_small_part_away(parts: list[int], smallest: int) -> None:
    """Whoever knows the sum, the shown parts and the rule cannot tell a hidden part for sure."""
    visible = shown_parts(parts, smallest)
    if not total_may_be_shown(parts, visible, smallest) or None not in visible:
        return
    hidden = [place for place, part in enumerate(visible) if part is None]
    total = sum(parts[place] for place in hidden)
    assert len(hidden) > 1
    assert total >= smallest
    for place in hidden:
        others = len(hidden) - 1
        possible = {total - sum(rest) for rest in product(range(total + 1), repeat=min(others, 2))}
        assert len({value for value in possible if value >= 0}) > 1, (parts, place)


@given(PARTS)
def test_one_shows_everything(parts: list[int]) -> None:
    assert shown_parts(parts, 1) == parts


def test_a_single_small_part_takes_another_with_it() -> None:
    assert shown_parts([40, 30, 2], 5) == [40, None, None]
    assert shown_parts([40, 3, 2], 5) == [40, None, None]
    assert shown_parts([40, 2, 1], 5) == [None, None, None]


@given(
    st.integers(1, 5).flatmap(
        lambda cohorts: st.tuples(
            *(
                st.tuples(st.integers(0, 20), st.lists(st.integers(0, 20), min_size=cohorts))
                for _ in range(cohorts)
            )
        )
    ),
    SMALLEST,
)
def test_a_grid_of_cohorts_shows_no_small_number(
    drawn: tuple[tuple[int, list[int]], ...], smallest: int
) -> None:
    cohorts = [
        Cohort(size, tuple(min(active, size) for active in row[: len(drawn) - place]))
        for place, (size, row) in enumerate(drawn)
    ]
    for cohort, visible in zip(cohorts, protected(cohorts, smallest), strict=True):
        assert visible.size is None or not is_small(visible.size, smallest)
        for active, value in zip(cohort.active, visible.active, strict=True):
            assert value in (None, active)
            assert value is None or visible.size is not None
            assert value is None or not is_small(value, smallest)
            assert value is None or not is_small((visible.size or 0) - value, smallest)
