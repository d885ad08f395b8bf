"""A decision names the rules that deny, not those that could; the same on every engine."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from policy_questions import ENTRY, question

from colonnade.policy import PolicyBundle, PolicyEngine, PolicyModule

QUIZ = PolicyModule(
    "quiz.rego",
    'package colonnade.services.quiz\n\nactions contains "quiz.read"\n\ngrants contains []\n',
)
NIGHT = PolicyModule(
    "night.rego",
    'package colonnade.services.night\n\ndeny contains [] if "learner" in input.principal.roles\n',
)
DRAFTS = PolicyModule(
    "drafts.rego",
    "package colonnade.services.drafts\n\n"
    'deny contains [{"field": "status", "op": "eq", "value": "draft"}]\n',
)
SHY = PolicyModule("shy.rego", 'package colonnade.services.shy\n\nmasks contains "answers"\n')
CLOSED = [{"field": "id", "op": "eq", "value": "7"}]
OWN = {
    "deny": [
        {"action": "quiz.take"},
        {"action": "*", "roles": ["admin"], "when": CLOSED},
        {"action": "quiz.read", "roles": ["learner"], "when": CLOSED},
    ]
}
LEARNER: dict[str, Any] = {"roles": ["learner"]}
NIGHTS = "data.colonnade.services.night.deny"
DRAFTED = "data.colonnade.services.drafts.deny"

MakeEngine = Callable[..., Awaitable[PolicyEngine]]


@pytest.mark.parametrize(
    ("asked", "rules", "denying"),
    [
        ({}, None, {DRAFTED}),
        ({"principal": LEARNER}, (NIGHTS,), {DRAFTED, NIGHTS}),
        ({"tenant_data": OWN}, None, {DRAFTED}),
        (
            {"principal": {"roles": ["admin"]}, "tenant_data": OWN},
            None,
            {DRAFTED, "input.tenant_data.deny[1]"},
        ),
        (
            {"principal": LEARNER, "tenant_data": OWN},
            (NIGHTS,),
            {DRAFTED, NIGHTS, "input.tenant_data.deny[2]"},
        ),
        ({"tenant": {"status": "suspended"}}, ("input.tenant.status",), None),
    ],
)
async def test_the_rule_that_denies_is_named(
    engine: PolicyEngine,
    asked: dict[str, Any],
    rules: tuple[str, ...] | None,
    denying: set[str] | None,
) -> None:
    await engine.load(PolicyBundle((ENTRY, QUIZ, NIGHT, DRAFTS, SHY)))

    decision = await engine.decide(question("quiz.read", **asked))

    assert len(decision.deny_rules) == len(decision.denies)
    if denying is not None:
        assert set(decision.deny_rules) == denying
    if rules is None:
        assert not decision.refused
    else:
        assert decision.refused
        assert decision.rules == rules


async def test_an_object_that_is_denied_is_told_by_its_own_rule(engine: PolicyEngine) -> None:
    await engine.load(PolicyBundle((ENTRY, QUIZ, NIGHT, DRAFTS, SHY)))
    decision = await engine.decide(question("quiz.read", tenant_data=OWN))

    position = decision.deny_rules.index(DRAFTED)

    assert decision.refusal_in_words((position,)) == (
        DRAFTED,
        "The object is one that is denied: status eq.",
    )
    assert decision.refusal_in_words()[0] == "data.colonnade.services.quiz.grants"
