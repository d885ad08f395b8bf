"""The memory of decisions: what it keeps, for how long, and what it forgets."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from colonnade.policy import (
    Condition,
    Decision,
    Facts,
    MemoisedPolicy,
    Operator,
    PolicyBundle,
    PolicyError,
    PolicyModule,
    PolicyProblem,
    PolicyQuery,
    RelatedTo,
)
from colonnade.policy.principal_use import (
    ANY_USE,
    NO_USE,
    PrincipalUse,
    generalised,
    with_principal,
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


class UnreadingEngine(ScriptedEngine):
    """An engine whose policies use the id as a value; `swap` loads others while it thinks."""

    def __init__(self) -> None:
        super().__init__()
        self.uses: PrincipalUse = NO_USE
        self.swap: str | None = None

    def generalised(self, query: PolicyQuery) -> PolicyQuery | None:
        return generalised(query, self.uses, {"service:payment"})

    async def decide(self, query: PolicyQuery) -> Decision:
        if self.swap is not None:
            self.revision, self.swap, self.uses = self.swap, None, ANY_USE
        found = await super().decide(query)
        own = Condition("user_id", Operator.EQ, str(query.principal.data["id"]))
        return replace(found, grants=((own,),) if found.grants else ())


def asked_by(name: str, role: str = "learner", **other: object) -> PolicyQuery:
    facts = Facts({"id": name, "kind": "user", "roles": [role], **other})
    return PolicyQuery("quiz.read", "quiz", facts, Facts({"id": "acme"}))


def permitted(decision: Decision) -> object:
    return decision.grants[0][0].value


async def test_somebody_new_with_roles_that_were_decided_on_costs_no_question() -> None:
    """Each gets the answer for themselves, and a role that is new is asked about once."""
    engine = UnreadingEngine()
    policy = MemoisedPolicy(engine)
    assert permitted(await policy.decide(asked_by("ada1"))) == "ada1"
    assert policy.peek(asked_by("bob2")) is not None
    assert permitted(await policy.decide(asked_by("bob2"))) == "bob2"
    assert permitted(await policy.decide(asked_by("ada1"))) == "ada1"
    assert len(engine.asked) == 1
    assert permitted(await policy.decide(asked_by("eve3", "admin"))) == "eve3"
    assert len(engine.asked) == 2


async def test_many_new_people_at_once_are_one_question() -> None:
    engine = UnreadingEngine()
    policy = MemoisedPolicy(engine)
    people = [f"person{number}" for number in range(20)]
    found = await asyncio.gather(*(policy.decide(asked_by(name)) for name in people))
    assert [permitted(decision) for decision in found] == people
    assert len(engine.asked) == 1


async def test_whose_wish_a_service_carries_out_is_no_question_of_its_own() -> None:
    """Where no policy reads it; the service keeps its name, which policies know."""
    engine = UnreadingEngine()
    policy = MemoisedPolicy(engine)
    for wish in ("ada1", "bob2"):
        query = asked_by("service:payment", on_behalf_of=wish)
        assert permitted(await policy.decide(query)) == "service:payment"
    assert len(engine.asked) == 1


async def test_policies_that_are_loaded_meanwhile_are_asked_about_the_person() -> None:
    """What was proven of the policies before says nothing of the new ones."""
    engine = UnreadingEngine()
    engine.swap = "two"
    policy = MemoisedPolicy(engine)
    decision = await policy.decide(asked_by("ada1"))
    assert permitted(decision) == "ada1"
    assert decision.revision == "two"
    assert [asked.principal.data["id"] for asked in engine.asked][1:] == ["ada1"]


async def test_an_answer_for_anybody_ends_for_everybody_at_once() -> None:
    """Whoever came last does not keep it longer."""
    clock = SteppedClock()
    engine = UnreadingEngine()
    engine.expires_at = NOW + timedelta(minutes=1)
    policy = MemoisedPolicy(engine, clock=clock)
    await policy.decide(asked_by("ada1"))
    clock.time = NOW + timedelta(seconds=59)
    assert policy.peek(asked_by("bob2")) is not None
    clock.time = engine.expires_at
    assert policy.peek(asked_by("bob2")) is None
    assert policy.peek(asked_by("ada1")) is None


async def test_an_answer_that_the_engine_failed_to_give_is_asked_for_again() -> None:
    engine = UnreadingEngine()
    engine.failed = True
    policy = MemoisedPolicy(engine)
    assert (await policy.decide(asked_by("ada1"))).failed
    engine.failed = False
    assert permitted(await policy.decide(asked_by("bob2"))) == "bob2"
    assert policy.counters.errors == 1


@pytest.mark.parametrize(
    "query",
    [
        asked_by("service:payment"),
        asked_by('a"b'),
        asked_by(""),
        asked_by("a" * 65),
        asked_by("user"),
        asked_by("ada1", attributes={"twin": "ada1"}),
        replace(asked_by("ada1"), tenant_data=Facts({"deny": ["ada1"]})),
        PolicyQuery("quiz.read", "quiz", Facts({"id": 7}), Facts({})),
    ],
)
def test_an_id_that_may_meet_itself_or_is_no_plain_text_is_asked_for_alone(
    query: PolicyQuery,
) -> None:
    use = PrincipalUse(True, None, True)
    assert generalised(query, use, {"service:payment"}) is None


def test_the_person_is_put_in_wherever_the_placeholder_stands() -> None:
    query = asked_by("ada1")
    general = generalised(query, NO_USE, frozenset())
    assert general is not None
    name = str(general.principal.data["id"])
    in_all = tuple(
        Condition("x", operator, value)
        for operator, value in (
            (Operator.EQ, name),
            (Operator.IN, ("bob", name)),
            (Operator.RELATED, RelatedTo("teaches", name)),
            (Operator.RELATED, RelatedTo("status", "published")),
        )
    )
    decision = Decision("quiz.read", "quiz", grants=(in_all, ()), denies=(in_all[:1],))
    bound = with_principal(decision, query)
    assert [condition.value for condition in bound.grants[0]] == [
        "ada1",
        ("bob", "ada1"),
        RelatedTo("teaches", "ada1"),
        RelatedTo("status", "published"),
    ]
    assert bound.denies == ((Condition("x", Operator.EQ, "ada1"),),)
    assert bound.fingerprint != decision.fingerprint


def test_an_answer_that_does_not_speak_of_the_person_is_one_for_all() -> None:
    """What is worked out from it is worked out once."""
    decision = Decision("quiz.read", "quiz", grants=((),))
    assert with_principal(decision, asked_by("ada1")) is decision
