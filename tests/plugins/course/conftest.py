"""An academy with the course service in it, empty for every test."""

import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent / "support"))

import pytest
from course_bench import CourseBench
from course_journeys import Academy, AskAs, Caller, Deliver, Published

from colonnade.context import Principal
from colonnade.messages import Request


@pytest.fixture
async def bench() -> AsyncIterator[CourseBench]:
    async with CourseBench() as running:
        running.answer_for_others()
        yield running


@pytest.fixture
def academy(bench: CourseBench) -> Academy:
    async def new_learner() -> Caller:
        return bench.caller("learner")

    return Academy(
        owner=bench.caller("owner"),
        teacher=bench.caller("instructor"),
        other_teacher=bench.caller("instructor"),
        learner=bench.caller("learner"),
        visitor=Caller(bench.client(), ""),
        new_learner=new_learner,
    )


@pytest.fixture
def ask_as(bench: CourseBench) -> AskAs:
    async def ask(principal: Principal, request: Request[Any]) -> Any:
        return await bench.ask(request, as_=principal)

    return ask


@pytest.fixture
def published(bench: CourseBench) -> Published:
    return bench.published


@pytest.fixture
def deliver(bench: CourseBench) -> Deliver:
    return bench.deliver
