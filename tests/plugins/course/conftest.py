"""An academy with the course service in it, empty for every test."""

import asyncio
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent / "support"))

import httpx
import pytest
from course_bench import Bench, BenchContext
from course_journeys import Academy, AskAs, Caller, Deliver, Published

from colonnade.clock import SystemClock
from colonnade.policy import MemoisedPolicy, PolicyBundle
from colonnade.row_tracking import RowSet
from colonnade_course import plugin
from colonnade_runtime.adapters.policy.embedded.engine import EmbeddedPolicy
from colonnade_runtime.adapters.store.sqlite.adapter import SqliteStores
from tests.demo_policies import demo_policies


@pytest.fixture(scope="session")
def policies() -> Iterator[EmbeddedPolicy]:
    """The real policies, loaded once: that takes half a second."""
    with asyncio.Runner() as runner:
        made = EmbeddedPolicy(timeout=10.0)
        runner.run(made.load(PolicyBundle(demo_policies())))
        yield made
        runner.run(made.close())


@pytest.fixture
async def bench(tmp_path: Path, policies: EmbeddedPolicy) -> AsyncIterator[Bench]:
    stores = SqliteStores(tmp_path, SystemClock(), lambda tenant: tenant == "acme")
    changes = RowSet()
    store = stores.store(
        "course", plugin.stores(), invalidation=lambda _, changed: changes.update(changed)
    )
    context = BenchContext(store)
    async with plugin.create_service(context) as objects:  # type: ignore[arg-type]
        bench = Bench(store, MemoisedPolicy(policies), objects, changes, context.people)
        bench.unpublishable = context.unpublishable
        yield bench
    await stores.close()


@pytest.fixture
async def academy(bench: Bench) -> AsyncIterator[Academy]:
    transport = httpx.ASGITransport(bench.app())
    async with httpx.AsyncClient(transport=transport, base_url="http://acme.localhost") as client:

        async def new_learner() -> Caller:
            return bench.person(client, "learner")

        yield Academy(
            owner=bench.person(client, "owner"),
            teacher=bench.person(client, "instructor"),
            other_teacher=bench.person(client, "instructor"),
            learner=bench.person(client, "learner"),
            visitor=Caller(client, {}, ""),
            new_learner=new_learner,
        )


@pytest.fixture
def ask_as(bench: Bench) -> AskAs:
    return bench.ask


@pytest.fixture
def published(bench: Bench) -> Published:
    return bench.published


@pytest.fixture
def deliver(bench: Bench) -> Deliver:
    return bench.deliver
