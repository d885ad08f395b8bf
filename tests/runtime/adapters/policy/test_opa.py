"""The engine that asks an OPA server: down, restarted, shared; and OPA's own judgement."""

import asyncio
import subprocess
import urllib.request
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from pathlib import Path

import pytest

from colonnade.errors import Unavailable
from colonnade.policy import Facts, PolicyBundle, PolicyModule, PolicyQuery
from colonnade_runtime.adapters.policy.opa.engine import OpaPolicy, opa_policy
from colonnade_runtime.adapters.policy.opa.package_prefix import with_package_prefix
from colonnade_runtime.resilience.breaker import Breaker
from colonnade_runtime.testing.servers import RunningServer

ROOT = Path(__file__).parents[4]
POLICIES = ROOT / "policies"
PLUGINS = sorted(ROOT.glob("plugins/*/policies"))
ENTRY = PolicyModule("colonnade.rego", (POLICIES / "colonnade.rego").read_text("utf-8"))
StartServer = Callable[..., RunningServer]

pytestmark = pytest.mark.server


def quiz(rules: str) -> PolicyBundle:
    source = f'package colonnade.services.quiz\n\nactions contains "quiz.read"\n\n{rules}\n'
    return PolicyBundle((ENTRY, PolicyModule("quiz.rego", source)), {"quiz.read": "quiz"})


EVERYBODY = quiz("grants contains []")
NOBODY = quiz("")
QUESTION = PolicyQuery(
    "quiz.read",
    "quiz",
    Facts({"id": "ada", "kind": "user", "roles": [], "attributes": {}}),
    Facts({"id": "acme", "plan": "free", "status": "active"}),
)


@pytest.fixture
def server(start_server: StartServer) -> RunningServer:
    """A server of this test's own, to be broken."""
    return start_server("opa")


@pytest.fixture
async def engine(server: RunningServer) -> AsyncIterator[OpaPolicy]:
    engine = opa_policy(f"opa+{server.url}", timeout=2.0)
    yield engine
    await engine.close()


async def test_a_dead_server_refuses_everything_and_is_left_alone(
    server: RunningServer, engine: OpaPolicy
) -> None:
    """Fail closed, and quickly: the breaker answers from the fourth question on."""
    await engine.load(EVERYBODY)
    server.kill()
    decisions = [await engine.decide(QUESTION) for _ in range(4)]
    assert all(decision.failed and decision.refused for decision in decisions)
    assert "does not answer" in str(decisions[0].reason)
    assert "is not answering" in str(decisions[3].reason)


async def test_a_server_that_comes_back_empty_gets_its_policies_again(
    server: RunningServer, engine: OpaPolicy
) -> None:
    """OPA keeps policies in memory only; nobody has to reload by hand."""
    await engine.load(EVERYBODY)
    server.kill()
    assert (await engine.decide(QUESTION)).failed
    server.start()
    async with asyncio.timeout(10):
        while (decision := await engine.decide(QUESTION)).failed:
            await asyncio.sleep(0.02)
    assert decision.unconditional


async def test_many_who_ask_an_empty_server_all_get_an_answer(
    server: RunningServer, engine: OpaPolicy
) -> None:
    """The policies are put back once, and everybody waits for that."""
    await engine.load(EVERYBODY)
    server.stop()
    server.start()
    decisions = await asyncio.gather(*(engine.decide(QUESTION) for _ in range(20)))
    assert all(decision.unconditional for decision in decisions)


async def test_a_server_that_is_down_at_load_says_so_and_keeps_the_old(
    server: RunningServer, engine: OpaPolicy
) -> None:
    """A start waits for the server; a reload keeps what was there."""
    revision = await engine.load(EVERYBODY)
    server.stop()
    with pytest.raises(Unavailable, match="does not answer"):
        await engine.load(NOBODY)
    assert engine.revision == revision


async def test_two_platforms_share_a_server(server: RunningServer) -> None:
    """The prefix keeps their policies apart."""
    one, two = (opa_policy(f"opa+{server.url}/{name}") for name in ("one", "two"))
    try:
        await one.load(EVERYBODY)
        await two.load(NOBODY)
        assert (await one.decide(QUESTION)).unconditional
        assert (await two.decide(QUESTION)).refused
    finally:
        await one.close()
        await two.close()


async def test_another_process_may_still_ask_the_revision_before(server: RunningServer) -> None:
    """A rolling reload: the second process is one revision behind for a while."""
    first, second = (opa_policy(f"opa+{server.url}") for _ in range(2))
    try:
        await first.load(EVERYBODY)
        await second.load(EVERYBODY)
        await first.load(NOBODY)
        assert (await first.decide(QUESTION)).refused
        assert (await second.decide(QUESTION)).unconditional
    finally:
        await first.close()
        await second.close()


@pytest.mark.parametrize(
    "url", ["opa+http://", "opa+http://127.0.0.1:8181/a-b", "opa+http://ada@127.0.0.1"]
)
def test_an_address_that_means_nothing_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match=r"prefix"):
        opa_policy(url)


def test_relocation_moves_packages_and_references_and_nothing_else() -> None:
    """Texts and comments that speak of the package stay."""
    source = (
        "# data.colonnade\npackage colonnade.services.quiz\n"
        'x := "data.colonnade" if data.colonnade.services.user.y == input.colonnade\n'
    )
    assert with_package_prefix(PolicyModule("quiz.rego", source), "a.b").source == (
        "# data.colonnade\npackage a.b.colonnade.services.quiz\n"
        'x := "data.colonnade" if data.a.b.colonnade.services.user.y == input.colonnade\n'
    )


@pytest.mark.parametrize("command", [["check", "--strict"], ["test"]], ids=lambda words: words[0])
def test_opa_itself_accepts_the_platforms_policies(
    server: RunningServer, command: list[str]
) -> None:
    done = subprocess.run(
        [server.program, *command, POLICIES, *PLUGINS], capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stdout + done.stderr


class HandClock:
    """A clock that a test moves."""

    def __init__(self) -> None:
        self.seconds = 100.0

    def now(self):  # type: ignore[no-untyped-def]
        raise AssertionError("the breaker asks for no time of day")

    def monotonic(self) -> float:
        return self.seconds


def test_the_breaker_lets_one_try_at_a_time_and_waits_longer_each_time() -> None:
    clock = HandClock()
    breaker = Breaker(failures=2, first=1.0, cap=3.0, clock=clock)
    assert [breaker.failed(), breaker.failed(), breaker.failed()] == [False, True, False]
    assert not breaker.may_try()
    clock.seconds += 1.0
    assert [breaker.may_try(), breaker.may_try()] == [True, False]
    breaker.failed()
    clock.seconds += 1.5
    assert not breaker.may_try()
    clock.seconds += 0.5
    assert breaker.may_try()
    breaker.succeeded()
    assert [breaker.may_try(), breaker.may_try()] == [True, True]


@pytest.mark.parametrize("name", ["my house.rego", "a?b.rego", "a#b.rego", "a%2fb.rego", "ä.rego"])
async def test_a_file_of_any_name_has_a_place_of_its_own(
    server: RunningServer, engine: OpaPolicy, name: str
) -> None:
    """A part of the name that reads as the end of an address would put two files in one place."""
    house = 'package colonnade.services.{}\n\ndeny contains [] if input.action == "quiz.read"\n'
    bundle = replace(
        EVERYBODY,
        modules=(
            *EVERYBODY.modules,
            PolicyModule(f"policies/{name}", house.format("house")),
            PolicyModule(f"policies/x{name}", house.format("garden")),
        ),
    )
    await engine.load(bundle)
    assert (await engine.decide(QUESTION)).denies
    assert await engine.check() is None
    await engine.load(NOBODY)
    await engine.load(quiz("grants contains [] if true"))
    with urllib.request.urlopen(f"{server.url}/v1/policies", timeout=10) as answer:
        assert bundle.revision not in answer.read().decode()
