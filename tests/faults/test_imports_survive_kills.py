"""An import that is killed again and again, and started again, ends as if nothing had happened."""

import json
import shutil
from collections.abc import Callable
from contextlib import redirect_stdout
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from colonnade_content.api import GetContent, ListContent, ListFiles, ListMedia
from colonnade_course.api import GetOutline, ListCourses
from colonnade_runtime.admin.client import AdminClient
from colonnade_runtime.admin.embedded import embedded
from colonnade_runtime.assembly.declared import read_declaration
from colonnade_runtime.cli import main
from colonnade_runtime.process.socket_file import socket_path

pytestmark = [pytest.mark.faults, pytest.mark.slow]

Child = Callable[[Callable[[], None], str], int]

PLATFORM = """\
version: 1
environment: development
services: {user: , course: , content: }
"""

ROOT = Path(__file__).parents[2]
KILLED = -9


def picture(shade: int) -> bytes:
    drawn = BytesIO()
    Image.new("RGB", (40, 30), (shade, 80, 120)).save(drawn, "PNG")
    return drawn.getvalue()


@pytest.fixture
def site(tmp_path: Path) -> Path:
    for name in ("tenants", "policies"):
        shutil.copytree(ROOT / name, tmp_path / name)
    (tmp_path / "platform.yaml").write_text(PLATFORM)
    return tmp_path


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A lesson of three episodes, each with a figure and some data."""
    lesson = tmp_path / "tiny"
    for name in ("episodes/fig", "episodes/data", "learners"):
        (lesson / name).mkdir(parents=True)
    for number in range(3):
        (lesson / f"episodes/fig/{number}.png").write_bytes(picture(number * 50))
        (lesson / f"episodes/data/{number}.csv").write_text(f"{number},2\n")
        text = f"![A figure](fig/{number}.png) [data](data/{number}.csv) [next]({number + 1}.md)\n"
        front = f"---\ntitle: Episode {number}\nteaching: 5\nexercises: 5\n---\n\n"
        (lesson / f"episodes/{number}.md").write_text(front + text)
    (lesson / "learners/reference.md").write_text("---\ntitle: Glossary\n---\n\nWords.\n")
    (lesson / "index.md").write_text("---\ntitle: Tiny\n---\n\nA [start](episodes/0.md).\n")
    return lesson


def importing(site: Path, folder: Path, tenant: str) -> Callable[[], None]:
    """`colonnade course import`; what it prints is kept in a file."""

    def body() -> None:
        arguments = ["--platform", str(site / "platform.yaml"), "course", "import", str(folder)]
        with (site / "outcome.json").open("w") as output, redirect_stdout(output):
            main([*arguments, "--tenant", tenant, "--format", "json"], standalone_mode=False)

    return body


def changes(site: Path) -> int:
    """How much the last import changed."""
    found: int = json.loads((site / "outcome.json").read_text())["changes"]
    return found


def everything(site: Path, tenant: str) -> dict[str, Any]:
    """What the import made, without what differs from academy to academy."""
    declared = read_declaration(site / "platform.yaml", ["tenants.watch=false"])
    with embedded(declared, "a test"), AdminClient(socket_path(site, "main")) as client:
        [course] = client.ask(tenant, ListCourses()).items
        outline = client.ask(tenant, GetOutline(course_id=course.id))
        files = client.ask(tenant, ListFiles(limit=100)).items
        media = client.ask(tenant, ListMedia(limit=100)).items
        contents = client.ask(tenant, ListContent(limit=100)).items
        bodies = [client.ask(tenant, GetContent(content_id=row.id)).body for row in contents]
    names = {str(file.id): str(file.external_id) for file in files}
    names |= {str(item.id): f"picture of {names[str(item.file_id)]}" for item in media}
    names |= {str(item.id): str(item.external_id) for item in contents}
    return {
        "course": (course.title, course.external_id),
        "files": sorted(names[str(file.id)] for file in files),
        "media": sorted((names[str(item.id)], item.state) for item in media),
        "lessons": [
            [(lesson.title, names[str(lesson.content_id)]) for lesson in section.lessons]
            for section in outline.sections
        ],
        "bodies": sorted(_without_ids(body or "", names) for body in bodies),
    }


def _without_ids(body: str, names: dict[str, str]) -> str:
    for identifier, name in names.items():
        body = body.replace(identifier, name)
    return body


def test_an_import_that_is_killed_again_and_again_converges(
    site: Path, folder: Path, child: Child
) -> None:
    codes = []
    for crash_at in ("store.flushed:11", *["store.committed:20"] * 10):
        codes.append(child(importing(site, folder, "acme"), crash_at))
        if codes[-1] != KILLED:
            break
    assert codes[-1] == 0, codes
    assert codes.count(KILLED) >= 2
    assert child(importing(site, folder, "globex"), "") == 0
    assert child(importing(site, folder, "acme"), "") == 0
    assert changes(site) == 0
    assert everything(site, "acme") == everything(site, "globex")
