"""A figure with a heading and a foot, and room between them; all lengths in inches.

matplotlib is used through its objects alone: pyplot keeps figures in a global.
"""

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass

from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.text import Text

from colonnade_analytics.rendering.colours import GRID, INK, QUIET_INK

WIDTH = 10.0
MARGIN = 0.45
_LINE = 1.32
_POINTS = 72.0


@dataclass(frozen=True, slots=True)
class Heading:
    """Heading of a chart: a title, the main insight, and the academy and days of the numbers."""

    title: str
    insight: str
    subtitle: str
    foot: str


class Sheet:
    """A figure of a given height of plot, with its heading and foot set."""

    def __init__(self, heading: Heading, plot_height: float, *, legend: bool) -> None:
        parts = _parts(heading)
        self._above = MARGIN + sum(height for _, height in parts) + (0.42 if legend else 0.12)
        foot = _wrapped(heading.foot, 125)
        self._below = MARGIN * 0.7 + (0.2 * len(foot) + 0.15 if foot else 0.0)
        self.height = self._above + plot_height + self._below
        self._plot_height = plot_height
        self.figure = Figure(figsize=(WIDTH, self.height), dpi=144, facecolor="white")
        self._canvas = FigureCanvasAgg(self.figure)
        self._write_heading(parts)
        self._write_foot(foot)

    def axes(
        self, left: float, right: float = MARGIN, bottom: float = 0.66, top: float = 0.0
    ) -> Axes:
        """The plot: the four lengths are kept free at its sides for labels."""
        width = WIDTH - left - right
        height = self._plot_height - bottom - top
        axes = self.figure.add_axes(
            (
                left / WIDTH,
                (self._below + bottom) / self.height,
                width / WIDTH,
                height / self.height,
            )
        )
        axes.set_axisbelow(True)
        for side in ("top", "right"):
            axes.spines[side].set_visible(False)
        for side in ("left", "bottom"):
            axes.spines[side].set_color(GRID)
        axes.tick_params(colors=QUIET_INK, labelsize=10, length=0, pad=6)
        axes.xaxis.label.set_color(QUIET_INK)
        axes.yaxis.label.set_color(QUIET_INK)
        return axes

    def width_of(self, texts: Sequence[str], size: float) -> float:
        """Width of the widest of `texts`, at a font size in points."""
        renderer = self._canvas.get_renderer()  # type: ignore[no-untyped-call]
        widths = [0.0]
        for text in texts:
            probe = Text(0, 0, text, fontsize=size, figure=self.figure)
            widths.append(probe.get_window_extent(renderer).width)
        return max(widths) / self.figure.dpi

    def legend(self, axes: Axes) -> None:
        """Say what the colours stand for, in one line above the plot."""
        place = (MARGIN / WIDTH, 1 - (self._above - 0.12) / self.height)
        handles, labels = axes.get_legend_handles_labels()
        self.figure.legend(
            handles,
            labels,
            loc="lower left",
            bbox_to_anchor=place,
            ncols=len(labels),
            frameon=False,
            borderpad=0,
            borderaxespad=0,
            handlelength=1.1,
            handleheight=1.0,
            columnspacing=1.6,
            fontsize=10.5,
            labelcolor=INK,
        )

    def _write_heading(self, parts: Sequence[tuple[Text, float]]) -> None:
        offset = MARGIN
        for text, height in parts:
            text.set_position((MARGIN / WIDTH, 1 - offset / self.height))
            text.set_transform(self.figure.transFigure)
            self.figure.add_artist(text)
            offset += height

    def _write_foot(self, lines: Sequence[str]) -> None:
        if lines:
            self.figure.text(
                MARGIN / WIDTH,
                MARGIN * 0.7 / self.height,
                "\n".join(lines),
                fontsize=9,
                color=QUIET_INK,
                va="bottom",
                linespacing=_LINE,
            )


def _parts(heading: Heading) -> list[tuple[Text, float]]:
    found = []
    for text, size, colour, weight, width, gap in (
        (heading.title, 18.0, INK, "bold", 62, 0.1),
        (heading.insight, 12.0, INK, "normal", 104, 0.08),
        (heading.subtitle, 10.0, QUIET_INK, "normal", 115, 0.12),
    ):
        lines = _wrapped(text, width)
        if not lines:
            continue
        written = Text(
            0,
            0,
            "\n".join(lines),
            fontsize=size,
            color=colour,
            fontweight=weight,
            va="top",
            linespacing=_LINE,
        )
        found.append((written, len(lines) * size * _LINE / _POINTS + gap))
    return found


def _wrapped(text: str, width: int) -> list[str]:
    return textwrap.wrap(text, width, max_lines=3, placeholder=" …")


def shortened(text: str, width: int = 34, lines: int = 2) -> str:
    """A label in at most so many lines."""
    return "\n".join(textwrap.wrap(text, width, max_lines=lines, placeholder=" …")) or text[:width]
