"""What a service may not see: it is told that the thing is there, and nobody else is."""

import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from types import ModuleType
from uuid import UUID

import pytest
from litestar import Controller

sys.path.append(str(Path(__file__).parents[1] / "assembly" / "support"))

from small_site import make_plugin

import colonnade_course.plugin
from colonnade.errors import NotFound, NotVisible
from colonnade.hookspecs import hookimpl
from colonnade.http import get
from colonnade.identifiers import new_id
from colonnade.messages import Message, Request
from colonnade.operations import Call, handles, operation
from colonnade.services import PluginInfo, ServiceContext
from colonnade_course.api import Course, CreateCourse, GetCourse
from colonnade_runtime.testing import ServiceBench

POLICY = """\
package colonnade.services.desk
actions contains "desk.read"
grants contains [] if input.action == "desk.read"
"""


class Told(Message):
    """What the desk was told."""

    title: str


@operation("desk", action="desk.read")
class Inquire(Request[Told]):
    """Inquire after a course; the desk looks it up as itself."""

    course_id: UUID


class Desk:
    def __init__(self, ctx: ServiceContext) -> None:
        self._ctx = ctx
        self.seen: list[type[NotFound]] = []

    @handles(Inquire)
    async def inquire(self, request: Inquire, call: Call) -> Told:
        try:
            with self._ctx.as_service():
                course = await self._ctx.ask(GetCourse(course_id=request.course_id))
        except NotFound as error:
            self.seen.append(type(error))
            raise
        return Told(title=course.title)


class DeskController(Controller):
    path = "/desk"
    inquire = get("/{course_id:str}", Inquire)


def desk_plugin() -> ModuleType:
    @asynccontextmanager
    async def service(ctx: ServiceContext) -> AsyncIterator[Sequence[object]]:
        yield [Desk(ctx)]

    module = make_plugin(
        "desk",
        "desk",
        create_service=service,
        operations=lambda: [Inquire],
        http_routes=lambda: [DeskController],
        policies=lambda: {"desk.rego": POLICY},
    )

    @hookimpl
    def plugin_info() -> PluginInfo:
        return PluginInfo("desk", "1.0.0", service="desk", requires=("course",))

    module.__dict__["plugin_info"] = plugin_info
    return module


@pytest.fixture
async def bench() -> AsyncIterator[ServiceBench]:
    async with ServiceBench(desk_plugin(), colonnade_course.plugin) as running:
        yield running


async def draft(bench: ServiceBench) -> Course:
    author = bench.person(roles={"instructor"})
    return await bench.ask(CreateCourse(title="Python", slug="python"), as_=author)


async def test_a_service_tells_not_allowed_from_not_there(bench: ServiceBench) -> None:
    course, desk = await draft(bench), bench.service("desk")
    with pytest.raises(NotVisible, match="may not see it: a policy has to grant that"):
        await bench.ask(GetCourse(course_id=course.id), as_=desk)
    with pytest.raises(NotFound) as absent:
        await bench.ask(GetCourse(course_id=new_id()), as_=desk)
    assert type(absent.value) is NotFound


async def test_a_person_does_not(bench: ServiceBench) -> None:
    course = await draft(bench)
    with pytest.raises(NotFound) as hidden:
        await bench.ask(GetCourse(course_id=course.id), as_=bench.person())
    assert type(hidden.value) is NotFound


async def test_what_a_service_learns_goes_no_further_than_to_it(bench: ServiceBench) -> None:
    """Neither over HTTP nor over the bus to somebody who asks it."""
    course, person = await draft(bench), bench.person()
    [desk] = [each for each in bench.objects("desk") if isinstance(each, Desk)]
    async with bench.client(person) as http:
        hidden = await http.get(f"/api/v1/desk/{course.id}")
        absent = await http.get(f"/api/v1/desk/{new_id()}")
    assert desk.seen == [NotVisible, NotFound]
    assert (hidden.status_code, hidden.content) == (absent.status_code, absent.content)
    with pytest.raises(NotFound) as over_the_bus:
        await bench.ask(Inquire(course_id=course.id), as_=person)
    assert type(over_the_bus.value) is NotFound
