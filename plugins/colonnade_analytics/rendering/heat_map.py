"""A grid of shares, the darker the more."""

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from colonnade_analytics.api import HeatMap
from colonnade_analytics.rendering.canvas import MARGIN, Heading, Sheet
from colonnade_analytics.rendering.colours import (
    HIDDEN,
    INK,
    QUIET,
    QUIET_INK,
    Palette,
    ink_on,
    mixed,
)
from colonnade_analytics.wording.formats import percent

_ROW_HEIGHT = 0.42
_LABEL_SIZE = 10.5
_HEAD = 0.52
_LEGIBLE_COLUMNS = 14
_MAXIMUM_LABELS = 27


def heat_map(chart: HeatMap, heading: Heading, palette: Palette, locale: str) -> Figure:
    """The grid as a figure."""
    rows = max(len(chart.rows), 1)
    sheet = Sheet(heading, rows * _ROW_HEIGHT + _HEAD, legend=False)
    labels = [f"{name}  ({size})" for name, size in zip(chart.rows, chart.sizes, strict=True)]
    left = MARGIN + sheet.width_of(labels, _LABEL_SIZE) + 0.15
    axes = sheet.axes(left, bottom=0.0, top=_HEAD)
    for place, values in enumerate(chart.values):
        for later, value in enumerate(values):
            _cell(axes, later, place, value, palette, locale, len(chart.columns))
    _dress(axes, chart, labels)
    return sheet.figure


def _cell(
    axes: Axes,
    column: int,
    row: int,
    value: float | None,
    palette: Palette,
    locale: str,
    columns: int,
) -> None:
    fill = HIDDEN if value is None else mixed("#ffffff", palette.main, 0.06 + 0.94 * value / 100)
    place = (column - 0.5, row - 0.5)
    axes.add_patch(Rectangle(place, 1, 1, facecolor=fill, edgecolor="white", linewidth=1.5))
    if value is None:
        hatched = Rectangle(
            (column - 0.48, row - 0.46),
            0.96,
            0.92,
            fill=False,
            edgecolor=QUIET,
            hatch="////",
            linewidth=0,
        )
        axes.add_patch(hatched)
    if value is None or columns > _LEGIBLE_COLUMNS:
        return
    axes.text(
        column,
        row,
        percent(round(value), locale),
        ha="center",
        va="center",
        fontsize=9.5,
        color=ink_on(fill),
    )


def _dress(axes: Axes, chart: HeatMap, labels: list[str]) -> None:
    axes.set_xlim(-0.5, len(chart.columns) - 0.5)
    axes.set_ylim(len(labels) - 0.5, -0.5)
    axes.set_yticks(range(len(labels)), labels, fontsize=_LABEL_SIZE, color=INK)
    every = max(1, -(-len(chart.columns) // _MAXIMUM_LABELS))
    places = list(range(0, len(chart.columns), every))
    axes.set_xticks(places, [chart.columns[place] for place in places])
    axes.xaxis.set_ticks_position("top")
    axes.xaxis.set_label_position("top")
    axes.set_xlabel(chart.column_label, fontsize=10.5, labelpad=8, color=QUIET_INK)
    for spine in axes.spines.values():
        spine.set_visible(False)
