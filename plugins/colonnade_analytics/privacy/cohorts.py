"""Suppression of small numbers in a grid of cohorts."""

from collections.abc import Sequence
from dataclasses import dataclass

from colonnade_analytics.privacy.suppression import shown, shown_part, shown_parts


@dataclass(frozen=True, slots=True)
class Cohort:
    """A cohort: the number of its people, and of those active in its first period and each after.
    None is a number that is not shown."""

    size: int | None
    active: tuple[int | None, ...]


def protected(cohorts: Sequence[Cohort], smallest: int) -> list[Cohort]:
    """The cohorts without what would name people.

    In its cohort, neither those who were active nor the others may be few. Beside the active
    learners of a period, the cohorts of that period may not give one of them away; that of the
    period itself is no secret, since everybody is active in the period they enrol in.
    """
    sizes = [shown(cohort.size or 0, smallest) for cohort in cohorts]
    grid = [_row(cohort, size, smallest) for cohort, size in zip(cohorts, sizes, strict=True)]
    for period in range(len(cohorts)):
        _protect_period(cohorts, grid, period, smallest)
    return [Cohort(size, tuple(row)) for size, row in zip(sizes, grid, strict=True)]


def _row(cohort: Cohort, size: int | None, smallest: int) -> list[int | None]:
    if size is None:
        return [None] * len(cohort.active)
    return [shown_part(active or 0, size, smallest) for active in cohort.active]


def _protect_period(
    cohorts: Sequence[Cohort], grid: list[list[int | None]], period: int, smallest: int
) -> None:
    places = range(period)
    parts = [cohorts[place].active[period - place] or 0 for place in places]
    hidden = [place for place in places if grid[place][period - place] is None and parts[place]]
    for place, value in enumerate(shown_parts(parts, smallest, hidden)):
        if value is None:
            grid[place][period - place] = None
