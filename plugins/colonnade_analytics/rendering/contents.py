"""A finished report in all its formats. Imported by the worker that makes it: drawing is heavy."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from colonnade_analytics.api import ReportTable
from colonnade_analytics.rendering.canvas import Heading
from colonnade_analytics.rendering.drawing import draw
from colonnade_analytics.rendering.tables import as_csv, as_json


def contents(
    table: ReportTable,
    facts: Mapping[str, Any],
    branding: Mapping[str, Any],
    locale: str,
    made_at: datetime,
) -> dict[str, bytes]:
    """Format → bytes."""
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
    """What stands for the chart where it cannot be seen."""
    sentences = [f"{table.title}.", f"{table.subtitle}.", *table.summary, *table.notes]
    return " ".join(sentence for sentence in sentences if sentence != ".")
