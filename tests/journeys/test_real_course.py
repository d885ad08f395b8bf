"""The main job on real input: a course of twelve lessons is imported and learnt, in two academies.

One platform serves every test of this module; each academy has the course, published.
"""

import asyncio
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
import pytest_asyncio

from colonnade_runtime.admin.running import administered
from colonnade_runtime.testing.platform import RunningPlatform, running_platform
from tests.course_material import INFLAMMATION, skip_without_courses
from tests.journeys.support.academy import (
    OWNER_PASSWORD,
    colonnade,
    copied_declaration,
    imported,
    learn,
    learner,
    owner,
)

pytestmark = [pytest.mark.journey, pytest.mark.asyncio(loop_scope="module")]

ACADEMIES = ("acme", "globex")
LINK = re.compile(r'(?:src|href)="(?P<path>[^"#]+)')


@dataclass
class World:
    """The running platform, and what was imported into each academy."""

    platform: RunningPlatform
    declaration: Path
    courses: dict[str, dict[str, Any]]
    registered: int = 0

    async def run_import(self, tenant: str) -> Any:
        return await imported(self.declaration, INFLAMMATION, tenant)

    async def owner(self, tenant: str) -> httpx.AsyncClient:
        return await owner(self.platform.url, tenant)

    async def learner(self, tenant: str) -> httpx.AsyncClient:
        """Somebody new."""
        self.registered += 1
        return await learner(self.platform.url, tenant, f"learner{self.registered}")

    async def enrolled(self, tenant: str) -> tuple[httpx.AsyncClient, str]:
        """Somebody new who learns: a client, and the enrolment."""
        learner = await self.learner(tenant)
        course = self.courses[tenant]["course_id"]
        answer = await learner.post("/enrollments", json={"course_id": course})
        assert answer.status_code == 201, answer.text
        lesson = (await self.lessons(learner, tenant))[0]
        async with asyncio.timeout(20):
            # What the content service knows of enrolments follows within moments.
            while (await learner.get(f"/content/{lesson['content_id']}")).status_code == 404:
                await asyncio.sleep(0.01)
        return learner, answer.json()["id"]

    async def sections(self, client: httpx.AsyncClient, tenant: str) -> list[dict[str, Any]]:
        course = self.courses[tenant]["course_id"]
        outline = await client.get(f"/courses/{course}/outline")
        assert outline.status_code == 200, outline.text
        found: list[dict[str, Any]] = outline.json()["sections"]
        return found

    async def lessons(self, client: httpx.AsyncClient, tenant: str) -> list[dict[str, Any]]:
        """The lessons that count."""
        sections = await self.sections(client, tenant)
        return [lesson for part in sections if part["required"] for lesson in part["lessons"]]

    async def pages(self, client: httpx.AsyncClient, tenant: str) -> list[dict[str, Any]]:
        """What every lesson shows, the appendix included."""
        sections = await self.sections(client, tenant)
        found = []
        for lesson in (lesson for part in sections for lesson in part["lessons"]):
            answer = await client.get(f"/content/{lesson['content_id']}")
            assert answer.status_code == 200, answer.text
            found.append(answer.json())
        return found


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def world(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[World]:
    skip_without_courses()
    site = tmp_path_factory.mktemp("site")
    declaration = copied_declaration(site)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("COLONNADE_OWNER_PASSWORD", OWNER_PASSWORD)
        async with (
            running_platform(declaration) as platform,
            administered(platform.runtime, "a test") as administration,
        ):
            administration.open()
            found = World(platform, declaration, {})
            for tenant in ACADEMIES:
                found.courses[tenant] = await found.run_import(tenant)
            yield found
            await administration.close()


def paths(pages: list[dict[str, Any]]) -> set[str]:
    """Every place that the pages lead to and that is not on somebody else's site."""
    found = {match["path"] for page in pages for match in LINK.finditer(page["html"])}
    return {path for path in found if not re.match(r"[a-z]+:|//", path)}


@pytest.mark.parametrize("tenant", ACADEMIES)
async def test_the_folder_is_a_course_of_twelve_lessons_with_an_appendix(
    world: World, tenant: str
) -> None:
    client = await world.owner(tenant)
    main, appendix = await world.sections(client, tenant)
    titles = [lesson["title"] for lesson in main["lessons"]]
    assert (len(titles), titles[0], titles[-1]) == (
        12,
        "Python Fundamentals",
        "Command-Line Programs",
    )
    assert [lesson["title"] for lesson in appendix["lessons"]] == [
        "Overview",
        "Setup",
        "Glossary",
        "Attribution and licence",
        "Data files",
    ]
    assert (main["required"], appendix["required"]) == (True, False)
    course = (await client.get(f"/courses/{world.courses[tenant]['course_id']}")).json()
    assert (course["status"], course["license"]) == ("published", "CC-BY-4.0")
    assert "The Carpentries" in course["attribution"]


@pytest.mark.parametrize("tenant", ACADEMIES)
async def test_a_learner_reads_every_page_and_all_that_the_pages_lead_to(
    world: World, tenant: str
) -> None:
    learner, _ = await world.enrolled(tenant)
    pages = await world.pages(learner, tenant)
    places = paths(pages)
    kinds = {
        kind: {place for place in places if place.startswith(f"/api/v1/{kind}/")}
        for kind in ("media", "files", "content")
    }
    assert (len(kinds["media"]), len(kinds["files"])) == (28, 16)
    assert len(kinds["content"]) == 8, "the pages of the folder that other pages lead to"
    dead = places - set().union(*kinds.values())
    assert dead == {"../episodes/files/code/python-novice-inflammation-code.zip"}
    for place in sorted(places - dead):
        answer = await learner.get(place.removeprefix("/api/v1"))
        assert answer.status_code == 200, (place, answer.text[:200])
        assert len(answer.content) > 0


@pytest.mark.parametrize("tenant", ACADEMIES)
async def test_a_figure_is_read_in_ranges(world: World, tenant: str) -> None:
    learner, _ = await world.enrolled(tenant)
    figures = {place for place in paths(await world.pages(learner, tenant)) if "/large" in place}
    place = sorted(figures)[0].removeprefix("/api/v1")
    whole = await learner.get(place)
    part = await learner.get(place, headers={"Range": "bytes=10-19"})
    assert (part.status_code, part.content) == (206, whole.content[10:20])
    rest = await learner.get(
        place, headers={"Range": "bytes=20-", "If-Range": whole.headers["etag"]}
    )
    assert (rest.status_code, rest.content) == (206, whole.content[20:])
    beyond = await learner.get(place, headers={"Range": "bytes=99999999-"})
    assert beyond.status_code == 416


@pytest.mark.parametrize("tenant", ACADEMIES)
async def test_a_data_file_arrives_as_it_is_in_the_folder(world: World, tenant: str) -> None:
    learner, _ = await world.enrolled(tenant)
    page = next(p for p in await world.pages(learner, tenant) if p["title"] == "Data files")
    found = re.search(r"\[inflammation-01\.csv\]\(/api/v1([^)]+)\)", page["body"])
    assert found is not None
    answer = await learner.get(found[1])
    original = INFLAMMATION / "episodes" / "data" / "inflammation-01.csv"
    assert answer.content == original.read_bytes()


@pytest.mark.parametrize("tenant", ACADEMIES)
async def test_a_learner_resumes_half_way_and_completes_all_twelve(
    world: World, tenant: str
) -> None:
    learner, enrollment = await world.enrolled(tenant)
    lessons = [lesson["id"] for lesson in await world.lessons(learner, tenant)]
    for number, lesson in enumerate(lessons):
        state = (await learner.get(f"/enrollments/{enrollment}")).json()
        assert (state["progress"], state["resume_lesson_id"]) == (number * 100 // 12, lesson)
        await learn(learner, enrollment, lesson)
    state = (await learner.get(f"/enrollments/{enrollment}")).json()
    assert (state["progress"], state["status"]) == (100, "completed")


async def test_nobody_reads_lessons_without_enrolling_but_the_overview(world: World) -> None:
    owner, stranger = await world.owner("acme"), await world.learner("acme")
    readable = set()
    for section in await world.sections(owner, "acme"):
        for lesson in section["lessons"]:
            answer = await stranger.get(f"/content/{lesson['content_id']}")
            if answer.status_code == 200:
                readable.add(lesson["title"])
            else:
                assert answer.status_code == 404
    assert readable == {"Overview"}


async def test_the_other_academy_sees_none_of_it(world: World) -> None:
    acme, globex = await world.owner("acme"), await world.owner("globex")
    pages = await world.pages(acme, "acme")
    course = world.courses["acme"]["course_id"]
    assert course != world.courses["globex"]["course_id"]
    assert (await globex.get(f"/courses/{course}")).status_code == 404
    assert [item["id"] for item in (await globex.get("/courses")).json()["items"]] == [
        world.courses["globex"]["course_id"]
    ]
    for page in pages:
        assert (await globex.get(f"/content/{page['id']}")).status_code == 404
    for place in sorted(p for p in paths(pages) if p.startswith("/api/v1/")):
        answer = await globex.get(place.removeprefix("/api/v1"))
        assert answer.status_code == 404, place


async def everything(client: httpx.AsyncClient) -> dict[str, list[Any]]:
    """Every object of an academy that the import makes, as it is."""
    found: dict[str, list[Any]] = {}
    for name in ("courses", "files", "media", "content"):
        query = f"/{name}?limit=100"
        page = (await client.get(query)).json()
        assert page["next_cursor"] is None
        found[name] = page["items"]
    course = found["courses"][0]["id"]
    for name in ("sections", "lessons"):
        found[name] = (await client.get(f"/{name}?course_id={course}&limit=100")).json()["items"]
    return found


async def test_importing_again_changes_nothing(world: World) -> None:
    client = await world.owner("globex")
    before = await everything(client)
    again = await world.run_import("globex")
    assert again["changes"] == 0
    assert await everything(client) == before
    assert {name: len(items) for name, items in before.items()} == {
        "courses": 1,
        "files": 44,
        "media": 28,
        "content": 17,
        "sections": 2,
        "lessons": 17,
    }


async def test_an_import_says_who_teaches(world: World) -> None:
    """Once; a mistake in the address is said before anything is changed."""
    staff, folder = await world.owner("globex"), INFLAMMATION
    course = world.courses["globex"]["course_id"]
    noor = await learner(world.platform.url, "globex", "noor")
    me = (await noor.get("/users/me")).json()["id"]
    for address, complaint in (
        ("noor@learners.example", "is a learner in globex"),
        ("nobody@learners.example", "Nobody in globex has an account with the address nobody@"),
    ):
        options = ("--tenant", "globex", "--instructor", address)
        code, _, errors = await colonnade(
            world.declaration, "course", "import", str(folder), *options
        )
        assert (code, complaint in errors) == (1, True), errors
    assert (await staff.patch(f"/users/{me}", json={"role": "instructor"})).status_code == 200
    before = await everything(staff)
    for changes in (1, 0):
        again = await imported(
            world.declaration, folder, "globex", "--instructor", "Noor@learners.example"
        )
        assert again["changes"] == changes
    assert await everything(staff) == before
    teaching = (await staff.get(f"/courses/{course}/instructors")).json()["items"]
    assert [one["user_id"] for one in teaching] == [me]


async def test_the_last_of_ten_seats_goes_to_exactly_one_of_twenty(world: World) -> None:
    owner = await world.owner("acme")
    course = world.courses["acme"]["course_id"]
    taken = len((await owner.get(f"/enrollments?course_id={course}&limit=100")).json()["items"])
    seats = await owner.patch(f"/courses/{course}", json={"seats": taken + 10})
    assert seats.status_code == 200, seats.text
    for _ in range(9):
        await world.enrolled("acme")
    learners = [await world.learner("acme") for _ in range(20)]
    answers = await asyncio.gather(
        *(one.post("/enrollments", json={"course_id": course}) for one in learners)
    )
    assert sorted(answer.status_code for answer in answers) == [201] + [409] * 19
    assert (await owner.patch(f"/courses/{course}", json={"seats": None})).status_code == 200
