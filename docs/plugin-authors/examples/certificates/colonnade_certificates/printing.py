"""Certificates on paper: one page of A4, drawn in a process apart.

That process imports this module, so what is large is imported where it is used.
"""


def printed(
    academy: str,
    colour: str,
    name: str,
    course_title: str,
    issued_on: str,
    signer: str,
    is_revoked: bool,
) -> bytes:
    """The page as PDF; `colour` as in a style sheet, `#2b4c7e`."""
    from io import BytesIO

    from reportlab.lib.colors import HexColor
    from reportlab.lib.pagesizes import A4, landscape
    from reportlab.lib.utils import simpleSplit
    from reportlab.pdfbase import pdfmetrics
    from reportlab.pdfbase.ttfonts import TTFont
    from reportlab.pdfgen.canvas import Canvas

    font = "Certificate"
    pdfmetrics.registerFont(TTFont(font, _font_file()))
    width, height = landscape(A4)
    paper = BytesIO()
    canvas = Canvas(paper, pagesize=(width, height), invariant=True)
    canvas.setTitle(course_title)
    canvas.setAuthor(academy)
    canvas.setStrokeColor(HexColor(colour))
    canvas.setLineWidth(6)
    canvas.rect(30, 30, width - 60, height - 60)
    below = height - 120.0
    for text, size in (
        (academy, 22),
        (name, 34),
        (course_title, 26),
        (issued_on, 14),
        (signer, 14),
        ("REVOKED" if is_revoked else "", 40),
    ):
        canvas.setFont(font, size)
        for line in simpleSplit(text, font, size, width - 140)[:3]:
            canvas.drawCentredString(width / 2, below, line)
            below -= size * 1.3
        below -= 24 if text else 0
    canvas.showPage()
    canvas.save()
    return paper.getvalue()


def _font_file() -> str:
    """A font with letters of many languages, which matplotlib brings."""
    from importlib.util import find_spec
    from pathlib import Path

    found = find_spec("matplotlib")
    assert found is not None
    assert found.origin is not None
    return str(Path(found.origin).parent / "mpl-data" / "fonts" / "ttf" / "DejaVuSans.ttf")
