"""All engines give the same grants, denials and masks: asked everything, and asked at random."""

import asyncio
from collections.abc import Mapping
from itertools import islice
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from policy_questions import PRINCIPALS, comparable, every_question, platform_bundle, question, quiz

from colonnade.policy import PolicyEngine
from colonnade.policy.principal_use import with_principal
from colonnade_runtime.adapters.policy.rego.builtins import ALLOWED_BUILTINS, OPERATOR_BUILTINS
from colonnade_runtime.adapters.policy.rego.program import ACTIONS, Program

EXAMPLES = [
    example
    for known in (ALLOWED_BUILTINS, OPERATOR_BUILTINS)
    for examples in known.values()
    for example in examples
]


def platform_actions() -> list[str]:
    """Every action that the platform's policies know."""
    program = Program([(module.path, module.source) for module in platform_bundle().modules])
    actions = program.answer(ACTIONS, "{}")
    assert isinstance(actions, list)
    return sorted(actions)


ATTRIBUTES = st.dictionaries(st.text(max_size=8), st.text(max_size=20), max_size=3)
VALUES = st.one_of(st.text(max_size=12), st.integers(-10, 10), st.booleans(), st.none())
CONDITIONS = st.lists(
    st.fixed_dictionaries(
        {
            "field": st.text(min_size=1, max_size=8),
            "op": st.sampled_from(["eq", "ne", "lt", "gte"]),
            "value": VALUES,
        }
    ),
    max_size=3,
)
DENIES = st.lists(
    st.fixed_dictionaries(
        {"action": st.sampled_from(["*", *platform_actions()])},
        optional={
            "roles": st.lists(st.sampled_from(["owner", "learner", "instructor"]), max_size=2),
            "when": CONDITIONS,
        },
    ),
    max_size=3,
)
GENERATED = st.fixed_dictionaries(
    {
        "action": st.one_of(st.sampled_from(platform_actions()), st.text(max_size=20)),
        "principal": st.fixed_dictionaries(
            {
                "id": st.one_of(
                    st.text(max_size=40), st.sampled_from([p["id"] for p in PRINCIPALS])
                ),
                "kind": st.sampled_from(["user", "anonymous", "service", "api_key"]),
                "roles": st.lists(
                    st.sampled_from(["owner", "admin", "instructor", "learner", 'o"wner', ""]),
                    max_size=3,
                ),
                "attributes": ATTRIBUTES,
                "on_behalf_of": st.one_of(st.none(), st.text(max_size=20)),
            }
        ),
        "tenant": st.fixed_dictionaries({"status": st.sampled_from(["active", "suspended"])}),
        "tenant_data": st.fixed_dictionaries({}, optional={"deny": DENIES}),
    }
)


async def test_every_action_for_every_principal_in_every_academy(
    engines: list[PolicyEngine],
) -> None:
    """The whole table of the demo platform."""
    for engine in engines:
        await engine.load(platform_bundle())
    granted = 0
    for query in every_question(platform_actions()):
        decided = await asyncio.gather(*(engine.decide(query) for engine in engines))
        answers = [comparable(decision) for decision in decided]
        assert all(answer == answers[0] for answer in answers), query
        assert not answers[0]["failed"], query
        granted += bool(answers[0]["grants"])
    assert granted > 100


@settings(
    max_examples=150,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(asked=GENERATED)
async def test_generated_questions(engines: list[PolicyEngine], asked: Mapping[str, Any]) -> None:
    """Any name, any attribute, any text a tenant may write."""
    bundle = platform_bundle()
    for engine in engines:
        if engine.revision != bundle.revision:
            await engine.load(bundle)
    answers = [comparable(await engine.decide(question(**asked))) for engine in engines]
    assert all(answer == answers[0] for answer in answers)


async def test_an_answer_for_anybody_is_the_one_for_each(engine: PolicyEngine) -> None:
    """Every seventh question of the table, which meets every action, principal and academy."""
    await engine.load(platform_bundle())
    generalised = engine.generalised  # type: ignore[attr-defined]
    for_anybody = 0
    for query in islice(every_question(platform_actions()), 0, None, 7):
        general = generalised(query)
        for_anybody += general is not None
        if general is not None:
            bound = with_principal(await engine.decide(general), query)
            assert comparable(bound) == comparable(await engine.decide(query)), query
    assert for_anybody > 150


@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(asked=GENERATED)
async def test_generated_questions_for_anybody(
    engine: PolicyEngine, asked: Mapping[str, Any]
) -> None:
    """Whoever asks, whatever their academy denies: nobody gets another answer than their own."""
    bundle = platform_bundle()
    if engine.revision != bundle.revision:
        await engine.load(bundle)
    query = question(**asked)
    general = engine.generalised(query)  # type: ignore[attr-defined]
    if general is not None:
        bound = with_principal(await engine.decide(general), query)
        assert comparable(bound) == comparable(await engine.decide(query))


@pytest.mark.parametrize("examples", [EXAMPLES[:50], EXAMPLES[50:]], ids=["first", "others"])
async def test_a_builtin_that_policies_may_call_means_the_same(
    engines: list[PolicyEngine], examples: list[str]
) -> None:
    """Each of its examples is true on every engine."""
    rules = (
        f'masks contains "{number}" if {{\n\t{example}\n}}\n'
        for number, example in enumerate(examples)
    )
    bundle = quiz('expires_at contains "2100-01-01T00:00:00Z"\n\n' + "\n".join(rules))
    for engine in engines:
        await engine.load(bundle)
        masks = (await engine.decide(question())).masks
        assert {e for n, e in enumerate(examples) if str(n) not in masks} == set(), engine
