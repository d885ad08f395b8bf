"""Cached reads of a running platform: never old, never somebody else's."""

import asyncio
import random
import shutil
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from uuid import UUID, uuid4

import pytest
import pytest_asyncio

import colonnade_course.plugin
import colonnade_user.plugin
from colonnade.context import Context, Principal, PrincipalKind, use_context
from colonnade.errors import NotFound
from colonnade_course.api import (
    Course,
    CreateCourse,
    GetCourse,
    PublishCourse,
    UnpublishCourse,
    UpdateCourse,
)
from colonnade_runtime.testing.platform import RunningPlatform, running_platform

ROOT = Path(__file__).parents[4]
PLATFORM = """\
version: 1
environment: development
services:
  user:
  course:
  content:
"""
pytestmark = pytest.mark.asyncio(loop_scope="module")

OPERATOR = Principal.service("operator")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def platform(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[RunningPlatform]:
    folder = tmp_path_factory.mktemp("site")
    shutil.copytree(ROOT / "tenants", folder / "tenants")
    (folder / "policies").mkdir()
    shutil.copy(ROOT / "policies" / "colonnade.rego", folder / "policies")
    (folder / "platform.yaml").write_text(PLATFORM)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("COLONNADE_OWNER_PASSWORD", "a password for the owner")
        async with running_platform(
            folder / "platform.yaml",
            settings=["tenants.watch=false"],
            plugins=[colonnade_user.plugin, colonnade_course.plugin],
        ) as running:
            yield running


def person(role: str) -> Principal:
    return Principal(PrincipalKind.USER, str(uuid4()), (role,))


def context(principal: Principal, tenant: str = "acme") -> Context:
    return Context(tenant, principal, time.time() + 60, uuid4().hex)


Read = Callable[[UUID], Awaitable[int | None]]


def reading(platform: RunningPlatform, principal: Principal) -> Read:
    """Reads a course as `principal`: its version, or None where it is not to be seen."""

    async def read(course_id: UUID) -> int | None:
        with use_context(context(principal)):
            try:
                return (await platform.runtime.ask(GetCourse(course_id=course_id))).version
            except NotFound:
                return None

    return read


async def new_course(platform: RunningPlatform, owner: Principal, slug: str) -> Course:
    with use_context(context(owner)):
        return await platform.runtime.ask(CreateCourse(title="Course", slug=slug))


async def test_no_read_is_older_than_the_last_write_that_returned(
    platform: RunningPlatform,
) -> None:
    course = await new_course(platform, OPERATOR, "busy")
    with use_context(context(OPERATOR)):
        await platform.runtime.ask(PublishCourse(course_id=course.id))
    committed = 2
    writing = True
    reads = 0

    async def write() -> None:
        nonlocal committed, writing
        for number in range(60):
            with use_context(context(OPERATOR)):
                change = UpdateCourse(course_id=course.id, title=f"Title {number}")
                committed = (await platform.runtime.ask(change)).version
        writing = False

    async def read(ask: Read) -> None:
        nonlocal reads
        while writing:
            at_least = committed
            version = await ask(course.id)
            assert version is not None
            assert version >= at_least
            reads += 1
            await asyncio.sleep(0)

    async def read_over_http() -> None:
        nonlocal reads
        async with platform.client("acme") as client:
            while writing:
                at_least = committed
                answer = (await client.get(f"/courses/{course.id}")).json()
                assert answer["version"] >= at_least
                reads += 1

    readers = [read(reading(platform, person("learner"))) for _ in range(4)]
    async with asyncio.timeout(60):
        await asyncio.gather(write(), read_over_http(), read_over_http(), *readers)
    assert reads > 60


@pytest.mark.parametrize("seed", [1, 2, 3])
async def test_nobody_is_served_what_only_somebody_else_may_see(
    platform: RunningPlatform, seed: int
) -> None:
    choose = random.Random(seed)
    teacher, other_teacher, learner = person("instructor"), person("instructor"), person("learner")
    course = await new_course(platform, teacher, f"course-{seed}")
    published = False
    people = {
        "teacher": (teacher, lambda: True),
        "other teacher": (other_teacher, lambda: published),
        "learner": (learner, lambda: published),
        "visitor": (Principal.anonymous(), lambda: published),
        "operator": (OPERATOR, lambda: True),
    }
    for _ in range(120):
        if choose.random() < 0.15:
            published = not published
            change = PublishCourse if published else UnpublishCourse
            with use_context(context(teacher)):
                await platform.runtime.ask(change(course_id=course.id))
        name = choose.choice(list(people))
        principal, may_see = people[name]
        found = await reading(platform, principal)(course.id)
        assert (found is not None) is may_see(), (name, published)


async def test_another_academy_never_meets_a_kept_answer(platform: RunningPlatform) -> None:
    course = await new_course(platform, OPERATOR, "ours")
    assert await reading(platform, OPERATOR)(course.id) is not None
    with use_context(context(OPERATOR, "globex")), pytest.raises(NotFound):
        await platform.runtime.ask(GetCourse(course_id=course.id))


async def test_a_second_reader_for_whom_policy_decides_alike_reads_no_row(
    platform: RunningPlatform,
) -> None:
    course = await new_course(platform, OPERATOR, "shared")
    with use_context(context(OPERATOR)):
        await platform.runtime.ask(PublishCourse(course_id=course.id))
    await reading(platform, person("learner"))(course.id)
    cache = platform.runtime.dispatcher.cache
    kept = len(cache)
    await reading(platform, person("learner"))(course.id)
    assert len(cache) == kept > 0


async def test_taking_a_teacher_off_a_course_takes_the_kept_answer_with_it(
    platform: RunningPlatform,
) -> None:
    from colonnade_course.api import RemoveInstructor

    teacher = person("instructor")
    course = await new_course(platform, teacher, "left")
    assert await reading(platform, teacher)(course.id) is not None
    assert await reading(platform, teacher)(course.id) is not None
    with use_context(context(OPERATOR)):
        gone = RemoveInstructor(course_id=course.id, user_id=UUID(teacher.id))
        await platform.runtime.ask(gone)
    assert await reading(platform, teacher)(course.id) is None
