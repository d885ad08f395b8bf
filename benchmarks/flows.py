"""Things that people do, carried out in one process until all their effects have happened.

`python -m benchmarks.flows NAME` prints what one of them does, step by step, as the rows of its
table in docs/internals/flows.md.
"""

import asyncio
import collections
import statistics
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeAlias
from uuid import UUID, uuid4

import uvloop

from benchmarks.processes import make_site
from benchmarks.recording import COMMIT, STATEMENT, Recording, Step, recorded
from colonnade.context import Context, Principal, PrincipalKind, use_context
from colonnade_content.api import UploadFile
from colonnade_course.api import (
    CreateCourse,
    CreateEnrollment,
    CreateLesson,
    CreateSection,
    PublishCourse,
    RecordLessonProgress,
)
from colonnade_runtime.assembly.declared import read_declaration
from colonnade_runtime.observability.logs import configure_logs
from colonnade_runtime.process.runtime import Runtime
from colonnade_user.api import Login, Register

QUIET_SECONDS = 0.5
"""Without a step for so long, everything that something caused has happened."""

WARM_UPS = 2
OPERATOR = Principal.service("operator")
INSTRUCTOR = Principal(PrincipalKind.USER, str(UUID(int=7)), ("instructor",))
NETWORK = "203.0.113.{}"


@dataclass(frozen=True, slots=True)
class Outcome:
    """Cost of one time: seconds of processor time until it was answered and until all was
    quiet, and its steps."""

    answered: float
    seconds: float
    steps: list[Step]

    @property
    def counts(self) -> collections.Counter[str]:
        """Number of steps by kind."""
        return Recording(self.steps).counts()


@dataclass
class _World:
    """A runtime with what the flows need."""

    runtime: Runtime
    recording: Recording
    people: int = 0
    lessons: list[UUID] = field(default_factory=list)
    enrollment: UUID | None = None
    learner: Principal | None = None

    async def do(self, request: Any, principal: Principal, incoming: Any = None) -> Any:
        """Carry out a request as it is when it came over HTTP, from a network of its own."""
        client = NETWORK.format(self.people % 250)
        context = Context("acme", principal, time.time() + 600, "flow", client=client)
        with use_context(context):
            return await self.runtime.dispatcher.do(request, incoming=incoming)

    async def until_quiet(self) -> None:
        before = -1
        while before != len(self.recording.steps):
            before = len(self.recording.steps)
            await asyncio.sleep(QUIET_SECONDS)


Flow: TypeAlias = Callable[[_World], Awaitable[Callable[[], Awaitable[Any]]]]
"""Prepares one time, unrecorded, and answers what is to be carried out."""


async def _registration(world: _World) -> Callable[[], Awaitable[Any]]:
    world.people += 1
    request = Register(**_person(world.people), name=f"Learner {world.people}")
    return lambda: world.do(request, Principal.anonymous())


async def _sign_in(world: _World) -> Callable[[], Awaitable[Any]]:
    await (await _registration(world))()
    # The second time, on a device that is known: as people sign in.
    device = (await world.do(Login(**_person(world.people)), Principal.anonymous())).device_token
    request = Login(**_person(world.people), device_token=device)
    return lambda: world.do(request, Principal.anonymous())


async def _completion(world: _World) -> Callable[[], Awaitable[Any]]:
    if world.learner is None:
        await _enrol(world)
    assert world.learner is not None
    assert world.enrollment is not None
    request = RecordLessonProgress(
        enrollment_id=world.enrollment, lesson_id=world.lessons.pop(), status="completed"
    )
    learner = world.learner
    return lambda: world.do(request, learner)


async def _upload(world: _World) -> Callable[[], Awaitable[Any]]:
    request = UploadFile(name=f"notes-{uuid4().hex}.txt", declared_type="text/plain")
    body = b"Columns hold up roofs.\n" * 200

    async def chunks() -> AsyncIterator[bytes]:
        yield body

    return lambda: world.do(request, INSTRUCTOR, chunks())


async def _enrol(world: _World) -> None:
    course = await world.do(CreateCourse(title="Python", slug=f"python-{uuid4().hex}"), OPERATOR)
    section = await world.do(CreateSection(course_id=course.id, title="Start"), OPERATOR)
    for number in range(60):
        lesson = CreateLesson(section_id=section.id, title=f"Lesson {number}")
        world.lessons.append((await world.do(lesson, OPERATOR)).id)
    await world.do(PublishCourse(course_id=course.id), OPERATOR)
    registered = await (await _registration(world))()
    learner = Principal(PrincipalKind.USER, str(registered.user.id), ("learner",))
    enrolled = await world.do(CreateEnrollment(course_id=course.id), learner)
    world.learner, world.enrollment = learner, enrolled.id


def _person(number: int) -> dict[str, Any]:
    return {"email": f"learner{number}@learners.example", "password": "a password for learning"}


FLOWS: dict[str, Flow] = {
    "registration": _registration,
    "sign-in": _sign_in,
    "completion": _completion,
    "upload": _upload,
}


def outcomes(times: int, names: tuple[str, ...] = tuple(FLOWS)) -> dict[str, list[Outcome]]:
    """Outcomes of each of these flows, carried out so many times, one after the other."""
    with tempfile.TemporaryDirectory() as folder:
        return uvloop.run(_outcomes(make_site(Path(folder) / "site"), times, names))


async def _outcomes(site: Path, times: int, names: tuple[str, ...]) -> dict[str, list[Outcome]]:
    configure_logs("error", "json")
    declared = read_declaration(site / "platform.yaml", ["tenants.watch=false"])
    runtime = Runtime(declared, announce=lambda text: None)
    await runtime.start()
    try:
        with recorded() as recording:
            world = _World(runtime, recording)
            return {name: await _repeated(world, FLOWS[name], times) for name in names}
    finally:
        await runtime.stop()


async def _repeated(world: _World, flow: Flow, times: int) -> list[Outcome]:
    found = [await _once(world, await flow(world)) for _ in range(WARM_UPS + times)]
    return found[WARM_UPS:]


async def _once(world: _World, carry_out: Callable[[], Awaitable[Any]]) -> Outcome:
    await world.until_quiet()
    world.recording.steps.clear()
    started = time.process_time()
    await carry_out()
    answered = time.process_time() - started
    await world.until_quiet()
    return Outcome(answered, time.process_time() - started, list(world.recording.steps))


def shown_counts(found: Sequence[Outcome]) -> str:
    """Medians of the counts of several times, in words."""
    counts = [each.counts for each in found]
    kinds = sorted({kind for each in counts for kind in each})
    medians = {kind: statistics.median(each[kind] for each in counts) for kind in kinds}
    return ", ".join(f"{kind} {number:g}" for kind, number in medians.items())


def in_words(step: Step) -> str:
    """A step as the tables of docs/internals/flows.md name it."""
    if step.kind in (COMMIT, STATEMENT):
        return f"`{step.what}`"
    return f"{step.kind} `{step.what}`"


def main(name: str) -> None:
    """Print the steps of a flow that has the fewest of three times."""
    [found] = outcomes(3, (name,)).values()
    for step in min((each.steps for each in found), key=len):
        print(f"| {step.service} | {in_words(step)} | |")


if __name__ == "__main__":
    main(*sys.argv[1:])
