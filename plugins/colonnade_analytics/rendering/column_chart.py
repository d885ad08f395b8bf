"""Columns over time, above and below zero, and a line across them."""

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator

from colonnade_analytics.api import ColumnChart
from colonnade_analytics.rendering.bar_chart import formatter
from colonnade_analytics.rendering.canvas import MARGIN, WIDTH, Heading, Sheet
from colonnade_analytics.rendering.colours import GRID, INK, QUIET_INK, Palette

_PLOT_HEIGHT = 4.3


def column_chart(chart: ColumnChart, heading: Heading, palette: Palette, locale: str) -> Figure:
    """The chart as a figure."""
    sheet = Sheet(heading, _PLOT_HEIGHT, legend=True)
    write = formatter(chart.form, chart.currency, locale)
    extremes = [value or 0.0 for series in chart.series for value in series.values]
    widest = sheet.width_of([write(value, None) for value in (*extremes[:400], 0)], 10)
    axes = sheet.axes(left=MARGIN + widest + 0.45)
    _draw(axes, chart, palette)
    room = axes.get_position().width * WIDTH
    _dress(axes, chart, int(room / (sheet.width_of(chart.categories, 10) + 0.14)))
    axes.yaxis.set_major_locator(MaxNLocator(6, integer=chart.form == "count", steps=[1, 2, 5, 10]))
    axes.yaxis.set_major_formatter(FuncFormatter(write))
    sheet.legend(axes)
    return sheet.figure


def _draw(axes: Axes, chart: ColumnChart, palette: Palette) -> None:
    places = list(range(len(chart.categories)))
    above = [0.0] * len(places)
    below = [0.0] * len(places)
    colours = (palette.main, palette.emphasis, palette.third)
    for index, series in enumerate(chart.series):
        values = [value or 0.0 for value in series.values]
        base = [above[place] if value >= 0 else below[place] for place, value in enumerate(values)]
        colour = colours[index % len(colours)]
        axes.bar(places, values, bottom=base, width=0.7, color=colour, label=series.label)
        for place, value in enumerate(values):
            (above if value >= 0 else below)[place] += value
    if chart.line is not None:
        line = [float("nan") if value is None else value for value in chart.line.values]
        axes.plot(
            places,
            line,
            color=INK,
            linewidth=1.8,
            marker="o",
            markersize=5 if len(places) <= 40 else 0,
            markerfacecolor="white",
            markeredgewidth=1.6,
            label=chart.line.label,
        )


def _dress(axes: Axes, chart: ColumnChart, labels: int) -> None:
    count = len(chart.categories)
    every = max(1, -(-count // max(labels, 1)))
    places = list(range(0, count, every))
    axes.set_xticks(places, [chart.categories[place] for place in places], fontsize=10)
    axes.set_xlim(-0.6, max(count, 1) - 0.4)
    axes.axhline(0, color=QUIET_INK, linewidth=1.0)
    low, high = axes.get_ylim()
    if not any(value for series in chart.series for value in series.values):
        low, high = 0.0, 1.0
    axes.set_ylim(low, high)
    axes.yaxis.grid(True, color=GRID, linewidth=0.9)
    for side in ("left", "bottom"):
        axes.spines[side].set_visible(False)
    axes.set_xlabel(chart.category_label, fontsize=10.5, labelpad=8, color=QUIET_INK)
    axes.set_ylabel(chart.value_label, fontsize=10.5, labelpad=8, color=QUIET_INK)
