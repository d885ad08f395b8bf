"""Contract of every policy engine, whichever answers."""

import pytest
from policy_questions import ADA, READ, question, quiz

from colonnade.policy import Condition, Operator, PolicyBundle, PolicyEngine, PolicyError


async def test_without_policies_everything_is_refused(engine: PolicyEngine) -> None:
    """A question before the first load fails closed."""
    decision = await engine.decide(question())
    assert decision.refused
    assert decision.failed


async def test_a_grant_comes_back_with_the_revision(engine: PolicyEngine) -> None:
    """The decision is data: conditions, not a yes."""
    own = '{"field": "owner_id", "op": "eq", "value": input.principal.id}'
    revision = await engine.load(quiz(f"grants contains [{own}]"))
    decision = await engine.decide(question())
    assert decision.grants == ((Condition("owner_id", Operator.EQ, ADA),),)
    assert decision.revision == revision == engine.revision != ""


async def test_what_nobody_grants_is_refused_and_no_failure(engine: PolicyEngine) -> None:
    """An engine that answered "no" is well."""
    await engine.load(quiz(READ))
    decision = await engine.decide(question("quiz.delete"))
    assert decision.refused
    assert not decision.failed


async def test_a_quote_in_an_attribute_stays_a_quote(engine: PolicyEngine) -> None:
    """Text that a user wrote about themselves never becomes part of the policy's answer."""
    condition = '{"field": "x", "op": "eq", "value": input.principal.attributes.motto}'
    await engine.load(quiz(f"grants contains [{condition}]"))
    motto = 'a"}],[{"field":"x","op":"ne","value":"b\\'
    decision = await engine.decide(question(principal={"attributes": {"motto": motto}}))
    assert decision.grants == ((Condition("x", Operator.EQ, motto),),)


async def test_masks_and_the_earliest_expiry_come_with_the_grant(engine: PolicyEngine) -> None:
    """Times are compared as times, not as texts."""
    await engine.load(
        quiz(
            f'{READ}\nmasks contains "answer"\n\n'
            'expires_at contains "2030-01-02T00:00:00Z"\n\n'
            'expires_at contains "2030-01-01T12:00:00+01:00"\n'
        )
    )
    decision = await engine.decide(question())
    assert decision.masks == {"answer"}
    assert decision.expires_at is not None
    assert decision.expires_at.isoformat() == "2030-01-01T11:00:00+00:00"


async def test_new_policies_take_effect_at_once(engine: PolicyEngine) -> None:
    """The swap is whole: the answer and the revision change together."""
    first = await engine.load(quiz(READ))
    second = await engine.load(quiz('grants contains [] if input.action == "quiz.write"'))
    decision = await engine.decide(question())
    assert first != second == decision.revision
    assert decision.refused


async def test_the_policies_before_the_last_may_come_back(engine: PolicyEngine) -> None:
    """A to B, to C, and back to A: each answers as itself."""
    bundles = [quiz(READ), quiz(f'{READ}\nmasks contains "b"'), quiz(f'{READ}\nmasks contains "c"')]
    for bundle, masks in zip([*bundles, bundles[0]], [set(), {"b"}, {"c"}, set()], strict=True):
        await engine.load(bundle)
        assert (await engine.decide(question())).masks == masks


@pytest.mark.parametrize(
    ("rules", "said"),
    [
        ("grants contains [] if {", "quiz.rego"),
        ('grants contains [] if not net.cidr_contains("10.0.0.0/8", "1")', "net.cidr_contains"),
        ("grants contains [] if input.pricipal.id", "pricipal"),
    ],
)
async def test_bad_policies_are_refused_and_the_good_ones_stay(
    engine: PolicyEngine, rules: str, said: str
) -> None:
    """Bad policies are never half-applied."""
    revision = await engine.load(quiz(READ))
    with pytest.raises(PolicyError, match=said):
        await engine.load(quiz(rules))
    assert engine.revision == revision
    assert not (await engine.decide(question())).refused


async def test_an_action_that_no_policy_knows_fails_the_load(engine: PolicyEngine) -> None:
    """An operation without an opinion about it does not start."""
    bundle = PolicyBundle(quiz(READ).modules, {"quiz.read": "quiz", "quiz.fly": "quiz"})
    with pytest.raises(PolicyError, match=r"quiz\.fly"):
        await engine.load(bundle)


async def test_a_malformed_answer_refuses(engine: PolicyEngine) -> None:
    """An operator that nobody knows is not skipped over."""
    bad = '{"field": "x", "op": input.principal.attributes.op, "value": input.principal.id}'
    rules = f'grants contains [{bad}] if input.principal.id == "{ADA}"'
    await engine.load(quiz(rules))
    decision = await engine.decide(question(principal={"attributes": {"op": "like"}}))
    assert decision.refused
    assert decision.failed


async def test_an_evaluation_that_fails_refuses(engine: PolicyEngine) -> None:
    """Two values for one rule are an error, and never half an answer."""
    rules = (
        f"{READ}\nmasks contains name if name := chosen\n\n"
        "chosen := input.principal.attributes.one\n\nchosen := input.principal.attributes.two\n"
    )
    await engine.load(quiz(rules))
    attributes = {"one": "a", "two": "b"}
    decision = await engine.decide(question(principal={"attributes": attributes}))
    assert decision.refused
    assert decision.failed


async def test_an_input_without_bounds_is_not_even_asked(engine: PolicyEngine) -> None:
    """A principal with a megabyte of attributes is refused."""
    await engine.load(quiz(READ))
    decision = await engine.decide(question(principal={"attributes": {"x": "a" * 300_000}}))
    assert decision.failed


async def test_a_closed_engine_refuses(engine: PolicyEngine) -> None:
    """A closed engine refuses even what it answered a moment ago."""
    await engine.load(quiz(READ))
    await engine.close()
    assert (await engine.decide(question())).failed
