"""An academy with the content service in it, empty for every test."""

import asyncio
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from uuid import uuid4

sys.path.insert(0, str(Path(__file__).parent / "support"))

import httpx
import pytest
from content_academy import Academy, Person
from content_bench import Bench, BenchContext

from colonnade.clock import SystemClock
from colonnade.context import Principal, PrincipalKind
from colonnade.policy import MemoisedPolicy, PolicyBundle
from colonnade.quantities import Size
from colonnade_content import plugin
from colonnade_content.config import ContentConfig
from colonnade_runtime.adapters.blobs.memory import MemoryBlobStore
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
async def academy(tmp_path: Path, policies: EmbeddedPolicy) -> AsyncIterator[Academy]:
    stores = SqliteStores(tmp_path, SystemClock(), lambda tenant: tenant == "acme")
    store = stores.store("content", plugin.stores(), invalidation=lambda _tenant, _changed: None)
    blobs = MemoryBlobStore("content")
    config = ContentConfig(maximum_file_size=Size.parse("1MiB"), maximum_stored=Size.parse("3MiB"))
    roles = ("instructor", "learner", "instructor", "owner")
    people = {str(uuid4()): role for role in roles}
    principals = {
        user: Principal(PrincipalKind.USER, user, (role,)) for user, role in people.items()
    }
    context = BenchContext(store, blobs, config)
    async with plugin.create_service(context) as objects:  # type: ignore[arg-type]
        bench = Bench(store, blobs, MemoisedPolicy(policies), objects, context, principals)
        transport = httpx.ASGITransport(bench.app(principals))
        async with httpx.AsyncClient(transport=transport, base_url="http://acme.test") as client:
            teacher, learner, colleague, owner = (Person(client, user) for user in people)
            yield Academy(bench, teacher, learner, Person(client, ""), colleague, owner, principals)
    await stores.close()
    await blobs.close()
