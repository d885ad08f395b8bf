"""Charts: which letters they can show."""

import warnings

import pytest

from colonnade_analytics.api import BarChart, Series
from colonnade_analytics.rendering import drawing
from colonnade_analytics.rendering.canvas import Heading

LETTER = "\N{LATIN SMALL LETTER D WITH PALATAL HOOK}"
"""A letter that DejaVu Sans has not, and a font that comes with matplotlib has."""


def complaints_about(letter: str) -> list[str]:
    chart = BarChart(
        categories=(letter,),
        series=(Series("Learners", (3,)),),
        category_label="Course",
        value_label="Number",
        notes=("",),
    )
    heading = Heading(title="Title", insight="", subtitle="Subtitle", foot="")
    with warnings.catch_warnings(record=True) as found:
        warnings.simplefilter("always")
        drawing.draw(chart, heading, {}, "en", "A chart.")
    return [str(warning.message) for warning in found]


def test_letters_are_taken_from_further_fonts_that_are_installed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(drawing, "FURTHER_FONTS", ())
    assert any("missing from font" in text for text in complaints_about(LETTER))
    monkeypatch.setattr(drawing, "FURTHER_FONTS", ("No Such Font", "STIXGeneral"))
    assert complaints_about(LETTER) == []
