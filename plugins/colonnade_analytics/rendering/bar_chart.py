"""Bars from left to right."""

from collections.abc import Callable

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator

from colonnade_analytics.api import BarChart, ValueForm
from colonnade_analytics.rendering.canvas import MARGIN, Heading, Sheet, shortened
from colonnade_analytics.rendering.colours import GRID, HIDDEN, INK, QUIET, QUIET_INK, Palette
from colonnade_analytics.wording.formats import number, percent, short_money

_LINE_HEIGHT = 0.46
_LABEL_SIZE = 10.5


def bar_chart(chart: BarChart, heading: Heading, palette: Palette, locale: str) -> Figure:
    """The chart as a figure."""
    several = len(chart.series) > 1
    lines = max(len(chart.categories), 1)
    sheet = Sheet(heading, lines * _LINE_HEIGHT + 0.76, legend=several)
    labels = [shortened(category) for category in chart.categories]
    left = MARGIN + sheet.width_of(labels, _LABEL_SIZE) + 0.15
    right = MARGIN + sheet.width_of(chart.notes, _LABEL_SIZE) + 0.1
    axes = sheet.axes(left, right)
    ends = _draw(axes, chart, palette)
    _dress(axes, chart, labels, locale)
    for place, note in enumerate(chart.notes):
        weight = "bold" if place == chart.emphasis else "normal"
        axes.annotate(
            note,
            (max(ends[place], 0.0), place),
            xytext=(6, 0),
            textcoords="offset points",
            va="center",
            fontsize=_LABEL_SIZE,
            color=palette.emphasis if place == chart.emphasis else INK,
            fontweight=weight,
            annotation_clip=False,
        )
    if several:
        sheet.legend(axes)
    return sheet.figure


def _draw(axes: Axes, chart: BarChart, palette: Palette) -> list[float]:
    places = range(len(chart.categories))
    ends = [0.0] * len(chart.categories)
    colours = (palette.main, palette.second, palette.third)
    for index, series in enumerate(chart.series):
        values = [value or 0.0 for value in series.values]
        bars = axes.barh(
            list(places),
            values,
            left=list(ends),
            height=0.62,
            color=HIDDEN if series.hidden else colours[index % len(colours)],
            label=series.label,
            edgecolor=QUIET if series.hidden else "white",
            hatch="////" if series.hidden else None,
            linewidth=0.0 if series.hidden else 0.8,
        )
        if chart.emphasis is not None:
            bars[chart.emphasis].set_facecolor(palette.emphasis)
        ends = [end + value for end, value in zip(ends, values, strict=True)]
    return ends


def _dress(axes: Axes, chart: BarChart, labels: list[str], locale: str) -> None:
    axes.set_yticks(range(len(labels)), labels, fontsize=_LABEL_SIZE, color=INK)
    axes.set_ylim(len(labels) - 0.4 if labels else 0.6, -0.6)
    low, high = axes.get_xlim()
    axes.set_xlim(min(low, 0.0), max(high, 1.0))
    axes.xaxis.grid(True, color=GRID, linewidth=0.9)
    axes.spines["bottom"].set_visible(False)
    axes.set_xlabel(chart.value_label, fontsize=10.5, labelpad=8, color=QUIET_INK)
    axes.xaxis.set_major_locator(MaxNLocator(6, integer=chart.form == "count", steps=[1, 2, 5, 10]))
    axes.xaxis.set_major_formatter(FuncFormatter(formatter(chart.form, chart.currency, locale)))


def formatter(form: ValueForm, currency: str, locale: str) -> Callable[[float, object], str]:
    """Writes the values of an axis."""
    if form == "money":
        return lambda value, _: short_money(value, currency, locale)
    if form == "percent":
        return lambda value, _: percent(value, locale)
    return lambda value, _: number(value, locale)
