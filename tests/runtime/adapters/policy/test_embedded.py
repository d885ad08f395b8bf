"""The embedded engine: what it loads, what it answers, and that everything else refuses."""

import asyncio
import threading
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from colonnade.policy import (
    Condition,
    Facts,
    Operator,
    PolicyBundle,
    PolicyError,
    PolicyModule,
    PolicyQuery,
    Vocabulary,
)
from colonnade_runtime.adapters.policy.embedded.engine import EmbeddedPolicy, embedded_policy
from colonnade_runtime.adapters.policy.rego.files import read_policies

POLICIES = Path(__file__).parents[4] / "policies"
ENTRY = PolicyModule("colonnade.rego", (POLICIES / "colonnade.rego").read_text("utf-8"))
TENANT = Facts({"id": "acme", "plan": "free", "status": "active"})
READ = 'grants contains [] if input.action == "quiz.read"\n'


def quiz(rules: str) -> PolicyBundle:
    source = f'package colonnade.services.quiz\n\nactions contains "quiz.read"\n\n{rules}\n'
    return PolicyBundle((ENTRY, PolicyModule("quiz.rego", source)), {"quiz.read": "quiz"})


def query(
    action: str = "quiz.read", tenant_data: dict[str, object] | None = None, **principal: object
) -> PolicyQuery:
    facts = {"id": "ada", "kind": "user", "roles": ["learner"], "attributes": {}} | principal
    return PolicyQuery(action, "quiz", Facts(facts), TENANT, Facts(tenant_data or {}))


@pytest.fixture
async def engine() -> AsyncIterator[EmbeddedPolicy]:
    engine = EmbeddedPolicy(timeout=5.0)
    yield engine
    await engine.close()


async def until(condition: Callable[[], bool], seconds: float = 60.0) -> None:
    async with asyncio.timeout(seconds):
        while not condition():
            await asyncio.sleep(0.01)


def policy_threads() -> set[threading.Thread]:
    return {item for item in threading.enumerate() if item.name.startswith("policy-")}


async def problems(engine: EmbeddedPolicy, bundle: PolicyBundle) -> str:
    with pytest.raises(PolicyError) as caught:
        await engine.load(bundle)
    return str(caught.value)


async def test_without_policies_everything_is_refused(engine: EmbeddedPolicy) -> None:
    """A query before the first load fails closed."""
    decision = await engine.decide(query())
    assert decision.refused
    assert decision.failed
    assert "no policies are loaded" in str(decision.reason)


async def test_a_grant_comes_back_with_the_revision(engine: EmbeddedPolicy) -> None:
    """The decision is data: conditions, not a yes."""
    own = '{"field": "owner_id", "op": "eq", "value": input.principal.id}'
    revision = await engine.load(quiz(f'grants contains [{own}] if input.action == "quiz.read"'))
    decision = await engine.decide(query())
    assert decision.grants == ((Condition("owner_id", Operator.EQ, "ada"),),)
    assert decision.revision == revision == engine.revision != ""


async def test_a_quote_in_an_attribute_stays_a_quote(engine: EmbeddedPolicy) -> None:
    """Text that a user wrote about themselves never becomes part of the policy's answer."""
    condition = '{"field": "x", "op": "eq", "value": input.principal.attributes.motto}'
    await engine.load(quiz(f"grants contains [{condition}]"))
    motto = 'a"}],[{"field":"x","op":"ne","value":"b\\'
    decision = await engine.decide(query(attributes={"motto": motto}))
    assert decision.grants == ((Condition("x", Operator.EQ, motto),),)


async def test_masks_and_expiry_come_with_the_grant(engine: EmbeddedPolicy) -> None:
    """The earliest of several expiries counts."""
    await engine.load(
        quiz(
            READ
            + 'masks contains "answer"\n\n'
            + 'expires_at contains "2030-01-02T00:00:00Z"\n\n'
            + 'expires_at contains "2030-01-01T12:00:00+01:00"\n'
        )
    )
    decision = await engine.decide(query())
    assert decision.masks == {"answer"}
    assert decision.expires_at is not None
    assert decision.expires_at.isoformat() == "2030-01-01T11:00:00+00:00"


async def test_a_package_grants_only_the_actions_it_declares(engine: EmbeddedPolicy) -> None:
    """A grant that forgot to look at the action does not leak to other services."""
    other = PolicyModule(
        "other.rego",
        'package colonnade.services.other\n\nactions contains "other.read"\n\ngrants contains []\n',
    )
    bundle = quiz(READ)
    await engine.load(PolicyBundle((*bundle.modules, other), bundle.actions))
    assert (await engine.decide(query("quiz.write"))).refused
    assert (await engine.decide(query("other.read"))).unconditional


@pytest.mark.parametrize("data", [{"deny": [{"action": "quiz.read"}]}, {"deny": [{"action": "*"}]}])
async def test_a_tenants_data_narrows(engine: EmbeddedPolicy, data: dict[str, object]) -> None:
    """A deny without conditions refuses."""
    await engine.load(quiz(READ))
    assert (await engine.decide(query(tenant_data=data))).refused


async def test_malformed_tenant_data_never_widens(engine: EmbeddedPolicy) -> None:
    """A deny whose conditions cannot be read refuses, and a grant of a tenant is ignored."""
    await engine.load(quiz('actions contains "quiz.write"\n\n' + READ))
    broken = {"deny": [{"action": "quiz.read", "when": [{"field": "x"}]}]}
    assert (await engine.decide(query(tenant_data=broken))).failed
    assert (await engine.decide(query("quiz.write", tenant_data={"grants": [[]]}))).refused


async def test_a_missing_policy_names_the_action_and_the_file(engine: EmbeddedPolicy) -> None:
    """An operation without a policy does not start."""
    bundle = quiz(READ)
    text = await problems(
        engine, PolicyBundle(bundle.modules, {"quiz.read": "quiz", "exam.take": "exam"})
    )
    assert text.startswith("policies/exam.rego: no policy knows the action 'exam.take'")
    assert "quiz.read" not in text


async def test_a_rule_that_was_removed_is_told_at_the_package(engine: EmbeddedPolicy) -> None:
    """The file is there, and nothing in it stands where the rule did."""
    bundle = quiz(READ)
    quiz_file = next(each.path for each in bundle.modules if "services.quiz" in each.source)
    actions = {"quiz.read": "quiz", "quiz.write": "quiz"}
    text = await problems(engine, PolicyBundle(bundle.modules, actions))
    assert text.startswith(f"{quiz_file}:1:1: no policy knows the action 'quiz.write'")


@pytest.mark.parametrize(
    ("rules", "complaint"),
    [
        ("a if not net.cidr_contains(1, 2)", "quiz.rego:5:10: 'net.cidr_contains'"),
        ("a := 1 +", "quiz.rego:5:"),
        ("a := b\n\nb := a", "policies"),
        ("grants contains [1]", "grants[0][0] is not an object"),
        ('grants contains [{"field": "x", "op": "like", "value": 1}]', "is no operator"),
        ("twice := 1\n\ntwice := 2\n\ngrants contains [] if twice", "double definition"),
        ('expires_at contains "tomorrow"\n\n' + READ, "RFC 3339"),
    ],
)
async def test_policies_that_cannot_work_do_not_load(
    engine: EmbeddedPolicy, rules: str, complaint: str
) -> None:
    """Every action is tried out for several principals before a bundle is taken."""
    assert complaint in await problems(engine, quiz(rules))
    assert engine.revision == ""


async def test_mistakes_of_every_kind_are_told_at_once(engine: EmbeddedPolicy) -> None:
    """A built-in that may not be called in one file, a syntax error in another."""
    bundle = quiz("a if not net.cidr_contains(1, 2)")
    broken = PolicyModule("other.rego", "package colonnade.services.other\n\ny := = 3\n")
    told = await problems(engine, PolicyBundle((*bundle.modules, broken), bundle.actions))
    assert "quiz.rego:5:10: 'net.cidr_contains' is neither" in told
    assert "other.rego:3:" in told


async def test_a_source_that_ends_the_engine_does_not_end_the_platform(
    engine: EmbeddedPolicy, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Native code that aborts does so in a process of its own, and the file is named."""
    crash = "a if b with input as {}\n\nb if input.action in {1}\n\n" + READ
    target = "colonnade_runtime.adapters.policy.trial.verification.inspect_modules"
    monkeypatch.setattr(target, lambda modules: [])
    bundle = quiz(crash)
    text = await problems(engine, bundle)
    assert "quiz.rego: the policy engine did not survive this file" in text


async def test_a_broken_reload_changes_nothing(engine: EmbeddedPolicy) -> None:
    """The policies before it go on deciding."""
    revision = await engine.load(quiz(READ))
    await problems(engine, quiz("a if http.send({})"))
    assert engine.revision == revision
    assert (await engine.decide(query())).unconditional


async def test_a_reload_swaps_the_policies(engine: EmbeddedPolicy) -> None:
    """The next answer is the new policies'."""
    first = await engine.load(quiz(READ))
    second = await engine.load(quiz(""))
    assert first != second
    decision = await engine.decide(query())
    assert decision.refused
    assert not decision.failed
    assert decision.revision == second


async def test_an_error_while_deciding_refuses(engine: EmbeddedPolicy) -> None:
    """Two values for one rule: no answer at all, and so no grant of it."""
    rules = (
        "twice := 1 if input.principal.attributes.x\n\ntwice := 2 if input.principal.attributes.x\n"
        "\ngrants contains [] if not twice == 3\n"
    )
    await engine.load(quiz(rules))
    assert (await engine.decide(query())).unconditional
    decision = await engine.decide(query(attributes={"x": True}))
    assert decision.refused
    assert decision.failed


async def test_answers_do_not_mix_between_concurrent_questions(engine: EmbeddedPolicy) -> None:
    """Two hundred questions at once, each with its own answer."""
    own = '{"field": "owner_id", "op": "eq", "value": input.principal.id}'
    await engine.load(quiz(f"grants contains [{own}]"))
    names = [f"user-{number}" for number in range(200)]
    decisions = await asyncio.gather(*[engine.decide(query(id=name)) for name in names])
    assert [decision.grants[0][0].value for decision in decisions] == names


LOOP = (
    "grants contains [] if {\n\txs := input.principal.attributes.xs\n"
    "\tcount([1 | some a in xs; some b in xs; some c in xs; a == b; b == c]) > 0\n}\n"
)


async def test_a_runaway_policy_is_refused_and_the_loop_goes_on() -> None:
    """The deadline refuses, a new thread takes over, and nothing waits for the old one."""
    before = policy_threads()
    engine = EmbeddedPolicy(timeout=0.3)
    await engine.load(quiz(LOOP))
    started = time.monotonic()
    decision = await engine.decide(query(attributes={"xs": list(range(120))}))
    assert time.monotonic() - started < 2
    assert decision.failed
    assert "no answer within 0.3 s" in str(decision.reason)
    engine_recovers = False
    async with asyncio.timeout(30):
        while not engine_recovers:
            engine_recovers = (await engine.decide(query(attributes={"xs": [1]}))).unconditional
    await engine.close()
    await until(lambda: policy_threads() <= before)


async def test_an_oversize_input_is_refused(engine: EmbeddedPolicy) -> None:
    """The engine never sees it."""
    await engine.load(quiz(READ))
    decision = await engine.decide(query(attributes={"x": "x" * 300_000}))
    assert decision.failed
    assert "larger" in str(decision.reason)


async def test_a_closed_engine_refuses_and_leaves_no_thread(engine: EmbeddedPolicy) -> None:
    """Stopping is orderly."""
    before = policy_threads()
    await engine.load(quiz(READ))
    await engine.close()
    assert (await engine.decide(query())).failed
    assert policy_threads() <= before


def test_the_url_names_nothing_but_the_scheme() -> None:
    """`embedded:` with an address is a mistake."""
    assert isinstance(embedded_policy("embedded:"), EmbeddedPolicy)
    with pytest.raises(ValueError, match="takes no address"):
        embedded_policy("embedded://somewhere")


@pytest.mark.parametrize("timeout", [0, -1, 61, "1"])
def test_a_timeout_out_of_bounds_is_refused(timeout: object) -> None:
    """Seconds, above 0 and at most 60."""
    with pytest.raises(ValueError, match="in seconds"):
        embedded_policy("embedded:", {"timeout": timeout})


def test_a_plugins_policy_yields_to_the_operators_file(tmp_path: Path) -> None:
    """The folder wins over what a plugin brings, by file name."""
    (tmp_path / "quiz.rego").write_text("package mine\n")
    (tmp_path / "quiz_test.rego").write_text("package test\n")
    brought = [
        PolicyModule("quiz.rego", "package theirs\n", "acme-quiz", "quiz"),
        PolicyModule("exam.rego", "package e\n", "acme-exam", "exam"),
    ]
    modules = read_policies(tmp_path, brought)
    assert [(Path(module.path).name, module.source) for module in modules] == [
        ("exam.rego", "package e\n"),
        ("quiz.rego", "package mine\n"),
    ]


def test_a_name_that_two_plugins_give_a_policy_is_refused(tmp_path: Path) -> None:
    """One would take the place of the other; the operator's own takes the place of both."""
    brought = [
        PolicyModule("quiz.rego", "package a\n", "acme-quiz", "quiz"),
        PolicyModule("quiz.rego", "package b\n", "exams", "exam"),
    ]
    with pytest.raises(PolicyError, match="'acme-quiz' and 'exams' bring a policy of this name"):
        read_policies(tmp_path, brought)
    (tmp_path / "quiz.rego").write_text("package mine\n")
    assert [module.plugin for module in read_policies(tmp_path, brought)] == [""]


def test_an_unreadable_policy_is_named(tmp_path: Path) -> None:
    """Bytes that are no text are an error with the file's name."""
    (tmp_path / "quiz.rego").write_bytes(b"\xff\xfe")
    with pytest.raises(PolicyError, match=r"quiz\.rego:1:1: byte 0xff is not UTF-8 text"):
        read_policies(tmp_path)


@pytest.mark.parametrize(
    "meets", ['"instructor" in input.principal.roles', 'input.tenant.plan == "gold"']
)
async def test_a_slip_that_only_some_meet_is_found(engine: EmbeddedPolicy, meets: str) -> None:
    """Each role is tried, and each plan that the policies name."""
    condition = '{"field": "status", "opp": "eq", "value": "draft"}'
    body = f'{{\n\t{meets}\n\tinput.action == "quiz.read"\n}}'
    bundle = quiz(f"{READ}\n\ndeny contains [{condition}] if {body}\n")
    words = Vocabulary(roles=frozenset({"instructor", "owner"}))
    text = await problems(engine, PolicyBundle(bundle.modules, vocabulary=words))
    assert "deny[0][0] must have exactly field, op, value" in text
