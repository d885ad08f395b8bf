"""Three academies with the user service in them, empty but for their owners, for every test."""

import asyncio
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import nullcontext
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent / "support"))

import httpx
import pytest
from user_academy import Academy
from user_bench import TENANTS, Bench, BenchContext

from colonnade.policy import MemoisedPolicy, PolicyBundle
from colonnade_runtime.adapters.policy.embedded.engine import EmbeddedPolicy
from colonnade_runtime.adapters.store.sqlite.adapter import SqliteStores
from colonnade_user import plugin
from tests.demo_policies import demo_policies
from tests.quick_passwords import quick_passwords

OF_PASSWORDS = {"test_hashing.py", "test_fair_queue.py"}
POLICIES = Path(__file__).parents[3] / "policies"


@pytest.fixture(scope="session")
def policies() -> Iterator[EmbeddedPolicy]:
    """The real policies, loaded once: that takes half a second."""
    with asyncio.Runner() as runner:
        made = EmbeddedPolicy(timeout=10.0)
        runner.run(made.load(PolicyBundle(demo_policies())))
        yield made
        runner.run(made.close())


@pytest.fixture(autouse=True)
def cost(request: pytest.FixtureRequest) -> Iterator[None]:
    """What a password costs counts where passwords are tested themselves."""
    with nullcontext() if request.path.name in OF_PASSWORDS else quick_passwords():
        yield


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where the academies' files are."""
    return tmp_path


@pytest.fixture
def context() -> BenchContext:
    """What the service is given."""
    return BenchContext()


@pytest.fixture
async def bench(
    folder: Path, policies: EmbeddedPolicy, context: BenchContext
) -> AsyncIterator[Bench]:
    stores = SqliteStores(folder, context.clock, lambda tenant: tenant in TENANTS)
    context.store = stores.store(
        "user",
        plugin.stores(),
        service_context=lambda: context,  # type: ignore[arg-type, return-value]
    )
    async with plugin.create_service(context) as objects:  # type: ignore[arg-type]
        yield Bench(context, MemoisedPolicy(policies), objects)
    await stores.close()


@pytest.fixture
async def client(bench: Bench) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(bench.app())
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as made:
        yield made


@pytest.fixture
def acme(client: httpx.AsyncClient) -> Academy:
    return Academy("acme", client)


@pytest.fixture
def globex(client: httpx.AsyncClient) -> Academy:
    return Academy("globex", client)


@pytest.fixture
def cloister(client: httpx.AsyncClient) -> Academy:
    """The academy that lets nobody register themself."""
    return Academy("cloister", client)
