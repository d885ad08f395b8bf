"""A chart as the bytes of an SVG and a PNG: the same chart, the same bytes."""

import io
import threading
from collections.abc import Mapping
from html import escape
from typing import Any

import matplotlib
from matplotlib import font_manager
from matplotlib.figure import Figure

from colonnade_analytics.api import BarChart, Chart, ColumnChart
from colonnade_analytics.rendering.bar_chart import bar_chart
from colonnade_analytics.rendering.canvas import Heading
from colonnade_analytics.rendering.colours import palette_of
from colonnade_analytics.rendering.column_chart import column_chart
from colonnade_analytics.rendering.heat_map import heat_map

# Its settings and its font cache are the process's; drawing is one chart at a time.
_drawing = threading.Lock()

_SETTINGS: Any = {
    "svg.hashsalt": "colonnade",
    "svg.fonttype": "path",
    "text.parse_math": False,
    "hatch.linewidth": 0.6,
}


FONT = "DejaVu Sans"
"""Comes with matplotlib, so that charts look alike everywhere."""

FURTHER_FONTS = (
    "Noto Sans CJK JP",
    "Noto Sans CJK SC",
    "Noto Sans JP",
    "Noto Sans SC",
    "Noto Sans KR",
    "WenQuanYi Zen Hei",
    "Noto Sans Thai",
    "Noto Sans Devanagari",
)
"""For letters that the first has not; those that are installed are used."""


def font_families() -> list[str]:
    """The fonts that letters are looked for in, in order."""
    installed = set(font_manager.get_font_names())
    return [FONT, *(name for name in FURTHER_FONTS if name in installed)]


def draw(
    chart: Chart, heading: Heading, branding: Mapping[str, Any], locale: str, alternative: str
) -> tuple[bytes, bytes]:
    """The chart as SVG and as PNG, with `alternative` as the text that stands for it. Takes a
    second: for a worker, not the event loop."""
    with _drawing, matplotlib.rc_context():
        matplotlib.rcdefaults()
        matplotlib.rcParams.update(_SETTINGS | {"font.family": font_families()})
        figure = _figure(chart, heading, branding, locale)
        return _svg(figure, heading.title, alternative), _png(figure, heading.title, alternative)


def _figure(chart: Chart, heading: Heading, branding: Mapping[str, Any], locale: str) -> Figure:
    palette = palette_of(branding)
    if isinstance(chart, BarChart):
        return bar_chart(chart, heading, palette, locale)
    if isinstance(chart, ColumnChart):
        return column_chart(chart, heading, palette, locale)
    return heat_map(chart, heading, palette, locale)


def _svg(figure: Figure, title: str, alternative: str) -> bytes:
    target = io.StringIO()
    figure.savefig(target, format="svg", metadata={"Date": None, "Creator": None})
    head, opening, rest = target.getvalue().partition("<svg ")
    attributes, closing, body = rest.partition(">")
    spoken = (
        f'<title id="chart-title">{escape(title)}</title>'
        f'<desc id="chart-description">{escape(alternative)}</desc>'
    )
    role = ' role="img" aria-labelledby="chart-title chart-description"'
    return f"{head}{opening}{attributes}{role}{closing}\n{spoken}{body}".encode()


def _png(figure: Figure, title: str, alternative: str) -> bytes:
    target = io.BytesIO()
    metadata = {"Title": title, "Description": alternative, "Software": None}
    figure.savefig(target, format="png", metadata=metadata)
    return target.getvalue()
