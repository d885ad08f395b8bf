"""An OPA server to which others write: changed modules, rules of others, data among packages."""

import asyncio
import json
import urllib.request
from collections.abc import AsyncIterator, Callable

import pytest

from colonnade.policy import MemoisedPolicy, PolicyBundle
from colonnade_runtime.adapters.policy.opa.engine import OpaPolicy
from colonnade_runtime.adapters.policy.opa.server import OpaServer
from colonnade_runtime.testing.servers import RunningServer
from tests.runtime.adapters.policy.test_opa import ENTRY, EVERYBODY, NOBODY, QUESTION

pytestmark = pytest.mark.server

RULE = "grants contains []\n"


@pytest.fixture
def server(start_server: Callable[..., RunningServer]) -> RunningServer:
    """A server of this test's own, to be written to."""
    return start_server("opa")


@pytest.fixture
async def engine(server: RunningServer) -> AsyncIterator[OpaPolicy]:
    """An engine that looks often."""
    made = made_for(server)
    yield made
    await made.close()


def made_for(server: RunningServer) -> OpaPolicy:
    host, port = server.url.removeprefix("http://").split(":")
    reached = OpaServer(host, int(port), secure=False, token=None, timeout=2.0)
    return OpaPolicy(reached, timeout=2.0, interval=0.05)


def write(server: RunningServer, method: str, path: str, body: str = "") -> None:
    request = urllib.request.Request(f"{server.url}/v1/{path}", body.encode(), method=method)
    with urllib.request.urlopen(request, timeout=10) as answer:
        assert answer.status in {200, 204}


def package_of(bundle: PolicyBundle) -> str:
    return f"colonnade.r{bundle.revision}"


async def until(holds: Callable[[], object]) -> None:
    async with asyncio.timeout(15):
        while not holds():
            await asyncio.sleep(0.02)


async def problem_of(engine: OpaPolicy) -> str:
    return await engine.check() or ""


FOREIGN = {
    "a module in a package of ours": lambda at: f"package {at}.colonnade.services.quiz\n\n{RULE}",
    "a module below a package of ours": lambda at: (
        f"package {at}.colonnade.services.quiz.x\n\ny := 1"
    ),
    "a package beside ours": lambda at: f"package {at}.colonnade.services.more\n\n{RULE}",
    "a rule from above": lambda at: (
        f"package colonnade\n\n{at.partition('.')[2]}.colonnade.services.quiz.{RULE}"
    ),
}


@pytest.mark.parametrize("kind", FOREIGN)
async def test_while_others_say_something_in_our_packages_everything_is_refused(
    server: RunningServer, engine: OpaPolicy, kind: str
) -> None:
    """Remembered decisions too, until it is taken away; the platform takes nothing away."""
    policy = MemoisedPolicy(engine)
    await policy.load(NOBODY)
    assert not (await policy.decide(QUESTION)).failed
    write(server, "PUT", "policies/somebody/else", FOREIGN[kind](package_of(NOBODY)))
    await until(lambda: engine.watch.is_lost)
    decision = await policy.decide(QUESTION)
    assert decision.failed
    assert decision.refused
    assert "foreign: somebody/else" in await problem_of(engine)
    write(server, "DELETE", "policies/somebody/else")
    await until(lambda: not engine.watch.is_lost)
    assert not (await policy.decide(QUESTION)).failed
    assert await problem_of(engine) == ""


async def test_data_among_our_packages_is_somebody_elses(
    server: RunningServer, engine: OpaPolicy
) -> None:
    await engine.load(NOBODY)
    path = f"data/{package_of(NOBODY).replace('.', '/')}/colonnade/services/made_up"
    write(server, "PUT", path, json.dumps({"grants": [[]], "actions": ["quiz.read"]}))
    await until(lambda: engine.watch.is_lost)
    assert "colonnade.services.made_up" in await problem_of(engine)
    assert (await engine.decide(QUESTION)).failed


async def test_a_module_that_was_changed_is_put_back_and_what_it_granted_is_forgotten(
    server: RunningServer, engine: OpaPolicy
) -> None:
    policy = MemoisedPolicy(engine)
    await policy.load(NOBODY)
    name = f"colonnade/{NOBODY.revision}/quiz.rego"
    source = (
        f'package {package_of(NOBODY)}.colonnade.services.quiz\n\nactions contains "quiz.read"\n'
    )
    write(server, "PUT", f"policies/{name}", f"{source}\n{RULE}")
    assert (await engine.decide(QUESTION)).unconditional
    await until(lambda: f"changed: {name}" in engine.watch.problem)
    await until(lambda: not engine.watch.problem)
    assert (await policy.decide(QUESTION)).refused


async def test_a_module_that_was_taken_away_is_put_back(
    server: RunningServer, engine: OpaPolicy
) -> None:
    await engine.load(EVERYBODY)
    write(server, "DELETE", f"policies/colonnade/{EVERYBODY.revision}/sealed")
    write(server, "DELETE", f"policies/colonnade/{EVERYBODY.revision}/quiz.rego")
    await until(lambda: "missing" in engine.watch.problem)
    await until(lambda: not engine.watch.problem)
    assert (await engine.decide(QUESTION)).unconditional


async def test_what_was_there_before_the_start_is_seen_at_the_start(
    server: RunningServer, engine: OpaPolicy
) -> None:
    foreign = FOREIGN["a module in a package of ours"](package_of(NOBODY))
    write(server, "PUT", "policies/somebody/else", foreign)
    await engine.load(NOBODY)
    assert (await engine.decide(QUESTION)).failed
    assert "somebody/else" in await problem_of(engine)


async def test_what_others_keep_elsewhere_on_the_server_is_theirs(
    server: RunningServer, engine: OpaPolicy
) -> None:
    write(server, "PUT", "policies/another/one", f"package another.app\n\n{RULE}")
    write(server, "PUT", "data/another", json.dumps({"a": 1}))
    second = made_for(server)
    await second.load(EVERYBODY)
    await engine.load(NOBODY)
    await second.watch.look(second.loaded)  # type: ignore[arg-type]
    await engine.watch.look(engine.loaded)  # type: ignore[arg-type]
    assert (await problem_of(engine), await problem_of(second)) == ("", "")
    await second.close()


def test_the_entry_point_is_among_what_is_compared() -> None:
    assert ENTRY in NOBODY.modules
