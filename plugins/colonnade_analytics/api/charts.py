"""Charts as data; every report's are drawn alike.

A value of None is a number that is not shown, because it would name people.
"""

from dataclasses import dataclass
from typing import Literal, TypeAlias

ValueForm = Literal["count", "percent", "money"]
"""How values are written: whole numbers, parts of a hundred, or minor units of `currency`."""


@dataclass(frozen=True, slots=True)
class Series:
    """One value for each category. A `hidden` series has the amounts of which no more is shown."""

    label: str
    values: tuple[float | None, ...]
    hidden: bool = False


@dataclass(frozen=True, slots=True)
class BarChart:
    """Bars from left to right, a category per line; several series stand end to end.

    `notes` stand behind the bars, one per category. `emphasis` is the category to look at.
    """

    categories: tuple[str, ...]
    series: tuple[Series, ...]
    category_label: str
    value_label: str
    form: ValueForm = "count"
    currency: str = ""
    notes: tuple[str, ...] = ()
    emphasis: int | None = None


@dataclass(frozen=True, slots=True)
class ColumnChart:
    """Columns over time. Series stand on each other above zero, negative values below it; `line`
    runs across them, such as what is left of both."""

    categories: tuple[str, ...]
    series: tuple[Series, ...]
    line: Series | None
    category_label: str
    value_label: str
    form: ValueForm = "count"
    currency: str = ""


@dataclass(frozen=True, slots=True)
class HeatMap:
    """A grid of shares in per cent; `sizes` are written beside the rows. A row may be shorter than
    `columns`: the rest has not happened yet."""

    rows: tuple[str, ...]
    sizes: tuple[str, ...]
    columns: tuple[str, ...]
    values: tuple[tuple[float | None, ...], ...]
    row_label: str
    column_label: str


Chart: TypeAlias = BarChart | ColumnChart | HeatMap
