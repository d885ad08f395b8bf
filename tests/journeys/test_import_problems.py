"""A page that the platform does not take is named by its file and line."""

from pathlib import Path

import pytest

from tests.journeys.support.academy import colonnade, copied_declaration

pytestmark = [pytest.mark.journey, pytest.mark.asyncio]

GATEWAY = "---\ntitle: One\nteaching: 5\nexercises: 5\n---\n\n"


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("Fine.\n\n" + "> " * 40 + "deep\n", "episodes/one.md:9: cannot be rendered"),
        ("学" * 200_001, "episodes/one.md:6: String should have at most 200000 characters"),
    ],
    ids=["deep", "long"],
)
async def test_an_import_names_file_and_line(tmp_path: Path, text: str, complaint: str) -> None:
    episode = tmp_path / "lesson" / "episodes" / "one.md"
    episode.parent.mkdir(parents=True)
    episode.write_text(GATEWAY + text)
    declaration = copied_declaration(tmp_path)
    code, _, errors = await colonnade(
        declaration, "course", "import", str(tmp_path / "lesson"), "--tenant", "acme"
    )
    assert (code, complaint in errors) == (1, True), errors
    assert "Traceback" not in errors
