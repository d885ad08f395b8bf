"""Imports of one folder at once: what one of them made the others find, and all of them go on."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterable
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from colonnade.pagination import ListRequest
from colonnade_content.api import ListContent, ListFiles, ListMedia
from colonnade_course.api import CreateLesson, GetOutline, ListCourses, ListLessons, OrderLessons
from colonnade_course.carpentries.reader import read_lesson
from colonnade_course.importing.course_import import CourseImport, ImportResult
from colonnade_runtime.admin.client import AdminClient
from colonnade_runtime.admin.running import administered
from colonnade_runtime.process.socket_file import socket_path
from colonnade_runtime.testing.platform import running_platform
from tests.journeys.support.academy import colonnade, copied_declaration

pytestmark = [pytest.mark.journey, pytest.mark.asyncio]

EPISODES = 4


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A lesson of some episodes, each with a figure and some data."""
    lesson = tmp_path / "tiny"
    for name in ("episodes/fig", "episodes/data"):
        (lesson / name).mkdir(parents=True)
    for number in range(EPISODES):
        drawn = BytesIO()
        Image.new("RGB", (40, 30), (number * 50, 80, 120)).save(drawn, "PNG")
        (lesson / f"episodes/fig/{number}.png").write_bytes(drawn.getvalue())
        (lesson / f"episodes/data/{number}.csv").write_text(f"{number},2\n")
        front = f"---\ntitle: Episode {number}\nteaching: 5\nexercises: 5\n---\n\n"
        text = f"![A figure](fig/{number}.png) [data](data/{number}.csv)\n"
        (lesson / f"episodes/{number}.md").write_text(front + text)
    (lesson / "index.md").write_text("---\ntitle: Tiny\n---\n\nA [start](episodes/0.md).\n")
    return lesson


@pytest.fixture
async def site(tmp_path: Path) -> AsyncIterator[Path]:
    declaration = copied_declaration(tmp_path)
    async with (
        running_platform(declaration) as platform,
        administered(platform.runtime, "a test") as administration,
    ):
        administration.open()
        yield declaration


class Meanwhile:
    """A client that listed everything before the other import made it."""

    def __init__(self, client: AdminClient) -> None:
        self._client = client
        self._seen: set[str] = set()

    def ask(self, tenant: str, request: Any, *, deadline: float | None = None) -> Any:
        answer = self._client.ask(tenant, request, deadline=deadline)
        if not isinstance(request, ListRequest) or getattr(request, "section_id", None):
            return answer
        name = f"{type(request).__name__} {request.model_dump_json(exclude={'limit'})}"
        looks_first = name not in self._seen and not self._finds(request)
        self._seen.add(name)
        empty = {"items": [], "next_cursor": None}
        return answer.model_copy(update=empty) if looks_first else answer

    def upload(self, tenant: str, request: Any, chunks: Iterable[bytes]) -> Any:
        return self._client.upload(tenant, request, chunks)

    @staticmethod
    def _finds(request: Any) -> bool:
        """Whether it looks for one thing by its name; the course is looked for so at first too."""
        return not isinstance(request, ListCourses) and bool(getattr(request, "external_id", None))


class Intruded(Meanwhile):
    """A client beside which somebody adds a lesson just before it puts the lessons in order."""

    intruded = False

    def ask(self, tenant: str, request: Any, *, deadline: float | None = None) -> Any:
        if isinstance(request, OrderLessons) and not self.intruded:
            self.intruded = True
            lesson = CreateLesson(section_id=request.section_id, title="Another", position=1)
            self._client.ask(tenant, lesson)
        return self._client.ask(tenant, request, deadline=deadline)


def run(site: Path, folder: Path, kind: Any = None) -> ImportResult:
    with AdminClient(socket_path(site.parent, "main")) as client:
        platform = client if kind is None else kind(client)
        return CourseImport(platform, "acme", read_lesson(folder), lambda *_: None).run()


def there(site: Path) -> dict[str, int]:
    """How much of each kind the academy has."""
    kinds = (ListCourses, ListContent, ListFiles, ListMedia, ListLessons)
    with AdminClient(socket_path(site.parent, "main")) as client:
        return {kind.__name__: len(client.ask("acme", kind(limit=100)).items) for kind in kinds}


async def test_what_another_import_made_since_is_found(site: Path, folder: Path) -> None:
    first = await asyncio.to_thread(run, site, folder)
    made = await asyncio.to_thread(there, site)
    second = await asyncio.to_thread(run, site, folder, Meanwhile)
    assert (second.course.id, second.changes) == (first.course.id, 0)
    assert second.warnings == first.warnings
    assert await asyncio.to_thread(there, site) == made


async def test_a_lesson_that_came_since_is_put_in_order_too(site: Path, folder: Path) -> None:
    first = await asyncio.to_thread(run, site, folder)

    def mixed() -> None:
        with AdminClient(socket_path(site.parent, "main")) as client:
            section = client.ask("acme", GetOutline(course_id=first.course.id)).sections[0]
            ids = [lesson.id for lesson in reversed(section.lessons)]
            client.ask("acme", OrderLessons(section_id=section.id, ids=ids))

    def titles() -> list[str]:
        with AdminClient(socket_path(site.parent, "main")) as client:
            section = client.ask("acme", GetOutline(course_id=first.course.id)).sections[0]
            return [lesson.title for lesson in section.lessons]

    await asyncio.to_thread(mixed)
    await asyncio.to_thread(run, site, folder, Intruded)
    expected = ["Another", *(f"Episode {number}" for number in range(EPISODES))]
    assert sorted(await asyncio.to_thread(titles)) == sorted(expected)
    in_order = [title for title in await asyncio.to_thread(titles) if title != "Another"]
    assert in_order == expected[1:]


async def test_three_commands_at_once_make_one_course(site: Path, folder: Path) -> None:
    arguments = ("course", "import", str(folder), "--tenant", "acme", "--publish")
    ended = await asyncio.gather(
        *(colonnade(site, *arguments, "--format", "json") for _ in range(3))
    )
    assert [code for code, _, _ in ended] == [0, 0, 0], [errors for _, _, errors in ended]
    courses = {json.loads(output)["course_id"] for _, output, _ in ended}
    assert len(courses) == 1
    counts = await asyncio.to_thread(there, site)
    assert counts["ListCourses"] == 1
    assert counts["ListMedia"] == EPISODES
    _, output, _ = await colonnade(site, *arguments, "--format", "json")
    assert json.loads(output)["changes"] == 0
