"""Files of a finished report. Imported when one is made: the drawing library is heavy."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from colonnade_analytics.api import ReportTable
from colonnade_analytics.rendering.canvas import Heading
from colonnade_analytics.rendering.drawing import draw
from colonnade_analytics.rendering.tables import as_csv, as_json


def render_report(
    table: ReportTable,
    facts: Mapping[str, Any],
    branding: Mapping[str, Any],
    locale: str,
    made_at: datetime,
) -> dict[str, bytes]:
    """Render a report in all its formats, by name."""
    insight, *rest = table.summary or ("",)
    foot = " ".join((*rest, *table.notes))
    heading = Heading(table.title, insight, table.subtitle, foot)
    alternative = alternative_text(table)
    svg, png = draw(table.chart, heading, branding, locale, alternative)
    described = {**facts, "alternative_text": alternative}
    return {
        "json": as_json(table, described, made_at),
        "csv": as_csv(table),
        "svg": svg,
        "png": png,
    }


def alternative_text(table: ReportTable) -> str:
    """Text that takes the place of the chart where it cannot be seen."""
    sentences = [f"{table.title}.", f"{table.subtitle}.", *table.summary, *table.notes]
    return " ".join(sentence for sentence in sentences if sentence != ".")
