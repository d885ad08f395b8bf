"""A refused request leaves no cycle of errors and frames, which would keep the client's connection.

A server closes a connection when nothing holds the request any more; what only the garbage
collector frees may stay for minutes in a process that hardly collects.
"""

import gc
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import suppress

import pytest

from colonnade.errors import ColonnadeError, DeadlineExceeded
from colonnade.identifiers import new_id
from colonnade_course import plugin
from colonnade_course.api import CreateCourse, DeleteCourse, GetCourse
from colonnade_runtime.calls.repeated_questions import again
from colonnade_runtime.testing import ServiceBench

Ask = Callable[[ServiceBench], Awaitable[object]]


async def refused_by_policy(bench: ServiceBench) -> object:
    return await bench.ask(CreateCourse(title="Python", slug="python"))


async def refused_on_reading(bench: ServiceBench) -> object:
    return await bench.ask(GetCourse(course_id=new_id()), as_=bench.person(roles={"admin"}))


async def refused_in_a_transaction(bench: ServiceBench) -> object:
    return await bench.ask(DeleteCourse(course_id=new_id()), as_=bench.person(roles={"admin"}))


async def refused_over_http(bench: ServiceBench) -> object:
    return await bench.client().post("/courses", json={"title": "Python", "slug": "python"})


async def lost_on_its_way(bench: ServiceBench) -> object:
    async def ask() -> bytes:
        raise DeadlineExceeded("No answer came in time.")

    return await again(ask, 0.0, lambda: 1.0, "key")


@pytest.fixture
async def bench() -> AsyncIterator[ServiceBench]:
    async with ServiceBench(plugin) as running:
        yield running


@pytest.fixture
def uncollected() -> Iterator[None]:
    """The collector keeps what it finds, and comes by when it is called only."""
    gc.collect()
    gc.disable()
    gc.set_debug(gc.DEBUG_SAVEALL)
    yield
    gc.set_debug(0)
    gc.garbage.clear()
    gc.enable()


@pytest.mark.usefixtures("uncollected")
@pytest.mark.parametrize(
    "ask",
    [
        refused_by_policy,
        refused_on_reading,
        refused_in_a_transaction,
        refused_over_http,
        lost_on_its_way,
    ],
)
async def test_nothing_of_it_waits_for_the_garbage_collector(bench: ServiceBench, ask: Ask) -> None:
    # What starting and earlier questions left behind is none of this one's.
    gc.collect()
    gc.garbage.clear()
    with suppress(ColonnadeError):
        await ask(bench)
    gc.collect()
    assert [each for each in gc.garbage if isinstance(each, ColonnadeError)] == []
