"""The memory of decisions: what it keeps, for how long, and what it forgets."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from colonnade.policy import (
    Decision,
    Facts,
    MemoisedPolicy,
    PolicyBundle,
    PolicyError,
    PolicyModule,
    PolicyProblem,
    PolicyQuery,
)

NOW = datetime(2030, 1, 1, tzinfo=UTC)


class SteppedClock:
    """A clock that stands still until it is moved."""

    def __init__(self) -> None:
        self.time = NOW

    def now(self) -> datetime:
        return self.time

    def monotonic(self) -> float:
        return self.time.timestamp()


class ScriptedEngine:
    """An engine of the port's own form, whose answers the test sets."""

    def __init__(self) -> None:
        self.revision = "one"
        self.asked: list[PolicyQuery] = []
        self.gate = asyncio.Event()
        self.gate.set()
        self.closed = False
        self.failed = False
        self.granted = True
        self.expires_at: datetime | None = None

    async def load(self, bundle: PolicyBundle) -> str:
        if not bundle.modules:
            raise PolicyError([PolicyProblem("policies", 0, 0, "nothing there.")])
        self.revision = bundle.revision
        return self.revision

    async def decide(self, query: PolicyQuery) -> Decision:
        self.asked.append(query)
        revision = self.revision
        await self.gate.wait()
        return Decision(
            query.action,
            query.resource_type,
            grants=((),) if self.granted and not self.failed else (),
            expires_at=self.expires_at,
            revision=revision,
            failed=self.failed,
        )

    async def close(self) -> None:
        self.closed = True


@pytest.fixture
async def engine() -> ScriptedEngine:
    return ScriptedEngine()


def query(action: str = "quiz.read", user: str = "ada", tenant: str = "acme") -> PolicyQuery:
    return PolicyQuery(action, "quiz", Facts({"id": user}), Facts({"id": tenant}))


BUNDLE = PolicyBundle((PolicyModule("quiz.rego", "package colonnade.services.quiz\n"),))


async def test_an_equal_question_is_answered_from_memory(engine: ScriptedEngine) -> None:
    """Equal by content, not by identity."""
    policy = MemoisedPolicy(engine)
    assert policy.peek(query()) is None
    first = await policy.decide(query())
    assert await policy.decide(query()) is first
    assert policy.peek(query()) is first
    assert len(engine.asked) == 1
    assert (policy.counters.hits, policy.counters.misses) == (2, 1)


@pytest.mark.parametrize(
    "other",
    [
        query("quiz.write"),
        query(user="bob"),
        query(tenant="globex"),
        PolicyQuery("quiz.read", "exam", Facts({"id": "ada"}), Facts({"id": "acme"})),
        PolicyQuery(
            "quiz.read", "quiz", Facts({"id": "ada"}), Facts({"id": "acme"}), Facts({"deny": []})
        ),
    ],
)
async def test_another_question_is_asked(engine: ScriptedEngine, other: PolicyQuery) -> None:
    """Whatever a decision depends on is part of the key."""
    policy = MemoisedPolicy(engine)
    await policy.decide(query())
    assert policy.peek(other) is None


async def test_an_answer_is_forgotten_when_it_expires(engine: ScriptedEngine) -> None:
    """At that very moment."""
    clock = SteppedClock()
    engine.expires_at = NOW + timedelta(minutes=1)
    policy = MemoisedPolicy(engine, clock=clock)
    await policy.decide(query())
    assert policy.peek(query()) is not None
    clock.time = engine.expires_at
    assert policy.peek(query()) is None


async def test_a_failed_answer_is_not_kept(engine: ScriptedEngine) -> None:
    """The next question is asked anew, and the failure is counted."""
    policy = MemoisedPolicy(engine)
    engine.failed = True
    assert (await policy.decide(query())).refused
    engine.failed = False
    assert not (await policy.decide(query())).refused
    assert policy.counters.errors == 1


async def test_refusals_are_counted_each_time(engine: ScriptedEngine) -> None:
    """Also those from memory."""
    engine.granted = False
    policy = MemoisedPolicy(engine)
    await policy.decide(query())
    await policy.decide(query())
    assert policy.counters.denies == 2


async def test_the_least_used_answer_goes_first(engine: ScriptedEngine) -> None:
    """The memory is bounded."""
    policy = MemoisedPolicy(engine, capacity=2)
    await policy.decide(query(user="a"))
    await policy.decide(query(user="b"))
    policy.peek(query(user="a"))
    await policy.decide(query(user="c"))
    assert len(policy) == 2
    assert policy.peek(query(user="b")) is None
    assert policy.peek(query(user="a")) is not None


async def test_new_policies_forget_every_answer(engine: ScriptedEngine) -> None:
    """Also when the engine was loaded behind the memory's back."""
    policy = MemoisedPolicy(engine)
    await policy.decide(query())
    await policy.load(BUNDLE)
    assert policy.peek(query()) is None
    await policy.decide(query())
    engine.revision = "elsewhere"
    assert policy.peek(query()) is None


async def test_a_failed_load_forgets_nothing(engine: ScriptedEngine) -> None:
    """What decided before decides on."""
    policy = MemoisedPolicy(engine)
    await policy.decide(query())
    with pytest.raises(PolicyError):
        await policy.load(PolicyBundle(()))
    assert policy.peek(query()) is not None


async def test_an_answer_of_the_old_policies_is_not_kept(engine: ScriptedEngine) -> None:
    """A load that overtakes a question wins."""
    policy = MemoisedPolicy(engine)
    engine.gate.clear()
    asking = asyncio.create_task(policy.decide(query()))
    while not engine.asked:
        await asyncio.sleep(0)
    await policy.load(BUNDLE)
    engine.gate.set()
    await asking
    assert policy.peek(query()) is None


async def test_equal_questions_at_once_are_asked_once(engine: ScriptedEngine) -> None:
    """Fifty requests of one user cost one decision."""
    policy = MemoisedPolicy(engine)
    decisions = await asyncio.gather(*[policy.decide(query()) for _ in range(50)])
    assert len(engine.asked) == 1
    assert len({id(decision) for decision in decisions}) == 1


async def test_who_gives_up_waiting_takes_nothing_from_the_others(engine: ScriptedEngine) -> None:
    """Cancelling one request does not cancel the question."""
    policy = MemoisedPolicy(engine)
    engine.gate.clear()
    first = asyncio.create_task(policy.decide(query()))
    second = asyncio.create_task(policy.decide(query()))
    while not engine.asked:
        await asyncio.sleep(0)
    first.cancel()
    engine.gate.set()
    assert not (await second).refused
    assert len(engine.asked) == 1


async def test_closing_ends_open_questions_and_the_engine(engine: ScriptedEngine) -> None:
    """Nothing is left running."""
    policy = MemoisedPolicy(engine)
    engine.gate.clear()
    asking = asyncio.create_task(policy.decide(query()))
    while not engine.asked:
        await asyncio.sleep(0)
    await policy.close()
    with pytest.raises(asyncio.CancelledError):
        await asking
    assert engine.closed


def test_a_memory_without_room_is_refused() -> None:
    """A capacity of nothing is a mistake."""
    with pytest.raises(ValueError, match="at least one"):
        MemoisedPolicy(ScriptedEngine(), capacity=0)


def test_facts_that_are_no_json_are_refused() -> None:
    """A digest needs one spelling."""
    with pytest.raises(ValueError):
        Facts({"x": float("nan")})


async def test_no_answer_is_remembered_beyond_the_longest_age(engine: ScriptedEngine) -> None:
    """Whatever led an engine to say it: a grant that was wrong ends."""
    clock = SteppedClock()
    policy = MemoisedPolicy(engine, longest=300.0, clock=clock)
    granted = await policy.decide(query())
    clock.time += timedelta(seconds=239)
    assert policy.peek(query()) is granted
    engine.granted = False
    clock.time += timedelta(seconds=61)
    assert policy.peek(query()) is None
    assert (await policy.decide(query())).refused


async def test_what_was_asked_together_is_not_forgotten_together(engine: ScriptedEngine) -> None:
    clock = SteppedClock()
    policy = MemoisedPolicy(engine, longest=100.0, clock=clock)
    people = [query(user=f"person {number}") for number in range(200)]
    for one in people:
        await policy.decide(one)
    clock.time += timedelta(seconds=90)
    assert 50 < sum(policy.peek(one) is not None for one in people) < 150


async def test_an_engine_that_was_led_astray_has_what_it_said_forgotten(
    engine: ScriptedEngine,
) -> None:
    """Also what it was being asked at that moment."""
    told = []
    engine.on_distrust = told.append  # type: ignore[attr-defined]
    policy = MemoisedPolicy(engine)
    await policy.decide(query())
    engine.gate.clear()
    asking = asyncio.create_task(policy.decide(query(user="bob")))
    await asyncio.sleep(0)
    told[0]()
    engine.gate.set()
    await asking
    assert policy.peek(query()) is None
    assert policy.peek(query(user="bob")) is None
