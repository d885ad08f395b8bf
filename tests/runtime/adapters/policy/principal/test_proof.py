"""What is proven of policies' use of a principal, form by form; and that answers for anybody, with
the person put in, are those that the engine gives for the person."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from colonnade.policy import Decision, Facts, PolicyModule, PolicyQuery, parse_decision
from colonnade.policy.principal_use import PrincipalUse, with_principal
from colonnade_runtime.adapters.policy.principal.proof import with_principal_uses
from colonnade_runtime.adapters.policy.rego.consulted_packages import (
    ConsultedPackages,
    consulted_packages,
    narrowing,
)
from colonnade_runtime.adapters.policy.rego.module_inspection import inspect_modules
from colonnade_runtime.adapters.policy.rego.program import (
    DECISION,
    EngineFault,
    Program,
    input_text,
)
from tests.demo_policies import POLICIES

ENTRY = PolicyModule("colonnade.rego", (POLICIES / "colonnade.rego").read_text("utf-8"))
ADA = "0190a000-0000-7000-8000-000000000001"
DEFINED = """
own_id := input.principal.id

is_own := {"field": "owner_id", "op": "eq", "value": input.principal.id}

is_also_own := [is_own]

related(relation) := [{
	"field": "id",
	"op": "related",
	"value": {"relation": relation, "subject": own_id},
}]

same_as(text) := {"field": "owner_id", "op": "eq", "value": text}

staff := {"service:payment", "ada"}

shouted := {upper("ada")}

table := {"ada": "red", "bob": "blue"}

is_ada(text) if text == "ada"

is_staff if input.principal.id in staff
"""
PROVEN_VALUES = (
    "[]",
    "[is_own]",
    "is_also_own",
    'related("teaches")',
    '[{"field": "owner_id", "op": "eq", "value": input.principal.id}]',
    '[{"field": "owner_id", "op": "in", "value": ["ada", own_id, "bob"]}]',
    '[{"field": "owner_id", "op": "in", "value": {"ada", own_id}}]',
    '[{"field": "id", "op": "related", "value": {"relation": "x", "subject": input.principal.id}}]',
    '[same_as("ada"), is_own]',
    '[{"field": "x", "op": "eq", "value": is_own.value}]',
    '[{"field": "x", "op": "eq", "value": data.colonnade.services.other.own_id}]',
)
UNPROVEN_VALUES = (
    "[same_as(input.principal.id)]",
    "[same_as(own_id)]",
    '[{"field": "x", "op": "eq", "value": upper(input.principal.id)}]',
    '[{"field": "x", "op": "eq", "value": table[input.principal.id]}]',
    '[{"field": "x", "op": "eq", "value": input.principal["id"]}]',
    '[{"field": "x", "op": "in", "value": [name | some name in [input.principal.id, "ada"]]}]',
    '[{"field": "x", "op": "in", "value": {input.principal.id, "x"} - staff}]',
    '[{"field": input.principal.id, "op": "eq", "value": "x"}]',
    '[{"field": "x", "op": own_id, "value": "x"}]',
    '[{own_id: "x", "op": "eq", "value": "x"}]',
    "data.colonnade.services.other.grants_of[input.principal.id]",
)
PROVEN_TESTS = (
    'input.principal.kind == "user"',
    '"instructor" in input.principal.roles',
    'input.principal.id == "service:payment"',
    '"ada" == input.principal.id',
    'input.principal.id != "ada"',
    'not input.principal.id == "ada"',
    'input.principal.id in {"ada", "bob"}',
    'not input.principal.id in ["ada"]',
    "input.principal.id in staff",
    "not is_staff",
    "data.colonnade.services.other.is_bob",
    'not input.principal.attributes.team == "red"',
    "input.principal.on_behalf_of",
)
UNPROVEN_TESTS = (
    'startswith(input.principal.id, "a")',
    "count(input.principal.id) > 5",
    'input.principal.id < "m"',
    'input.principal.id == lower("ADA")',
    "input.principal.id in shouted",
    "input.principal.id == input.principal.on_behalf_of",
    "input.principal.id == input.principal.attributes.team",
    "input.tenant.plan == input.principal.id",
    'own_id == "ada"',
    'is_own.value == "ada"',
    'is_own in {same_as("ada")}',
    "is_ada(input.principal.id)",
    "is_ada(own_id)",
    'name := input.principal.id\n\tname == "ada"',
    'some name in [input.principal.id]\n\tname == "ada"',
    'some staff in [["ada"], ["bob"]]\n\tinput.principal.id in staff',
    'input.principal["id"] == "ada"',
    "input.principal.id == input.principal.id",
    'who := input.principal\n\twho.id == "ada"',
    "table[input.principal.id]",
    'input.principal.id == "ada" == false',
    'input.principal.id in {"ada"} | {"bob"}',
    'count({"ada", input.principal.id}) == 1',
    "count(is_also_own[0]) == 3",
    'data.colonnade.services.other.own_id == "ada"',
    "data.colonnade.services.other.is_odd",
)
OTHER = PolicyModule(
    "other.rego",
    "package colonnade.services.other\n\nown_id := input.principal.id\n\n"
    'is_bob if input.principal.id == "bob"\n\n'
    'is_odd if endswith(input.principal.id, "1")\n\n'
    "grants_of[name] := [] if some name in [input.principal.id]\n",
)


def bundle(rules: str) -> tuple[PolicyModule, ...]:
    source = (
        f'package colonnade.services.quiz\n\nactions contains "quiz.read"\n{DEFINED}\n{rules}\n'
    )
    modules = (ENTRY, PolicyModule("quiz.rego", source), OTHER)
    assert not inspect_modules(modules)
    return modules


def known_of(modules: tuple[PolicyModule, ...]) -> ConsultedPackages:
    packages = consulted_packages({"quiz": ["quiz.read"]}, narrowing(modules))
    return with_principal_uses(packages, modules)


def use_of(rules: str) -> PrincipalUse | None:
    return known_of(bundle(rules)).principal_uses.get("quiz.read")


def question(
    principal: Mapping[str, Any], tenant_data: Mapping[str, Any] | None = None
) -> PolicyQuery:
    facts = {"id": ADA, "kind": "user", "roles": [], "attributes": {}, "on_behalf_of": None}
    tenant = Facts({"id": "acme", "plan": "ada", "status": "active"})
    return PolicyQuery(
        "quiz.read", "quiz", Facts(facts | dict(principal)), tenant, Facts(tenant_data or {})
    )


@pytest.mark.parametrize("value", PROVEN_VALUES)
def test_an_id_that_is_handed_on_in_a_condition_is_a_value(value: str) -> None:
    use = use_of(f"grants contains {value}")
    assert use is not None
    assert use.id_is_value


@pytest.mark.parametrize("test", PROVEN_TESTS)
@pytest.mark.parametrize(
    "rule", ["grants contains []", "deny contains [is_own]", 'masks contains "x"']
)
def test_an_id_that_is_compared_with_texts_is_one_of_them_or_any(rule: str, test: str) -> None:
    use = use_of(f"{rule} if {{\n\t{test}\n}}")
    assert use is not None
    assert use.id_is_value


@pytest.mark.parametrize("value", UNPROVEN_VALUES)
def test_an_id_that_something_is_made_of_is_not_taken_for_a_value(value: str) -> None:
    use = use_of(f"grants contains {value}")
    assert use is None or not use.id_is_value


@pytest.mark.parametrize("test", UNPROVEN_TESTS)
@pytest.mark.parametrize(
    "rule", ["grants contains []", "deny contains [is_own]", 'masks contains "x"']
)
def test_an_id_that_is_looked_at_otherwise_is_not_taken_for_a_value(rule: str, test: str) -> None:
    use = use_of(f"{rule} if {{\n\t{test}\n}}")
    assert use is None or not use.id_is_value


@pytest.mark.parametrize(
    "rule", ["masks contains input.principal.id", "expires_at contains own_id"]
)
def test_only_conditions_may_hold_the_id(rule: str) -> None:
    use = use_of(f"grants contains []\n\n{rule}")
    assert use is None or not use.id_is_value


def test_what_is_read_of_attributes_and_of_whose_wish_it_is_is_known() -> None:
    body = 'input.principal.attributes.team == "red"'
    use = use_of(f"grants contains [] if {{\n\t{body}\n}}\n\ngrants contains [is_own]")
    assert use == PrincipalUse(True, frozenset({"team"}), on_behalf_of=False)
    assert use_of("grants contains [] if input.principal.on_behalf_of") == PrincipalUse(
        True, frozenset(), on_behalf_of=True
    )
    assert use_of("grants contains [] if some _ in input.principal.attributes") == PrincipalUse(
        True, None, on_behalf_of=False
    )


def test_what_another_package_does_concerns_its_own_actions_unless_it_narrows() -> None:
    """A rule of a plugin that looks into the id does not slow everybody else's actions down."""
    odd = 'endswith(input.principal.id, "1")'
    house = (
        'package colonnade.services.house\n\nactions contains "house.read"\n\n'
        "{} contains [] if {}\n"
    )
    for rule, is_value in (("grants", True), ("deny", False)):
        modules = (
            *bundle("grants contains [is_own]"),
            PolicyModule("h.rego", house.format(rule, odd)),
        )
        packages = consulted_packages(
            {"quiz": ["quiz.read"], "house": ["house.read"]}, narrowing(modules)
        )
        uses = with_principal_uses(packages, modules).principal_uses
        assert uses["quiz.read"].id_is_value is is_value
        assert not uses["house.read"].id_is_value or not is_value


def test_of_an_entry_point_of_the_operators_own_nothing_is_proven() -> None:
    changed = f'{ENTRY.source}\nmasks contains "x" if endswith(input.principal.id, "1")\n'
    modules = (replace(ENTRY, source=changed), *bundle("grants contains [is_own]")[1:])
    assert not known_of(modules).principal_uses


def test_of_a_file_that_gives_parts_of_the_input_other_names_nothing_is_proven() -> None:
    _, quiz, other = bundle("grants contains [is_own]")
    imported = "\n\nimport input.principal as who\n\n"
    source = quiz.source.replace("\n\n", imported, 1) + 'masks contains "x" if who.id == "ada"\n'
    modules = (ENTRY, replace(quiz, source=source), other)
    assert not inspect_modules(modules)
    assert "quiz.read" not in known_of(modules).principal_uses


def test_the_shipped_entry_point_is_one_that_was_read() -> None:
    """Whoever changes it reads it for what it does with who asks, then adds its digest."""
    assert use_of("grants contains []") == PrincipalUse(True, frozenset(), on_behalf_of=False)


tests = st.sampled_from([*PROVEN_TESTS, *PROVEN_TESTS, *UNPROVEN_TESTS])
values = st.sampled_from([*PROVEN_VALUES, *PROVEN_VALUES, *UNPROVEN_VALUES])
rules = st.builds(
    lambda head, body: f"{head} if {{\n\t" + "\n\t".join([*body, "true"]) + "\n}",
    st.one_of(
        values.map("grants contains {}".format),
        values.map("grants contains {}".format),
        values.map("deny contains {}".format),
        st.sampled_from(["x", "y"]).map('masks contains "{}"'.format),
        st.just('expires_at contains "2030-01-01T00:00:00Z"'),
    ),
    st.lists(tests, max_size=2),
)
names = st.sampled_from(
    [ADA, ADA.replace("1", "7"), "ada", "bob", "ADA", "service:payment", "user", "anonymous", "red"]
) | st.text(max_size=8)
people = st.fixed_dictionaries(
    {
        "id": names,
        "kind": st.sampled_from(["user", "anonymous", "service"]),
        "roles": st.lists(st.sampled_from(["instructor", "learner"]), max_size=2),
        "attributes": st.dictionaries(st.sampled_from(["team", "motto"]), names, max_size=2),
        "on_behalf_of": st.none() | names,
    }
)
denies = st.lists(
    st.builds(
        lambda name: {
            "action": "*", "when": [{"field": "owner_id", "op": "eq", "value": name}]
        },
        names,
    ),
    max_size=1,
)  # fmt: skip


def answer(program: Program, packages: ConsultedPackages, query: PolicyQuery) -> Decision:
    told = input_text(packages.told(query.input(), query.action))
    try:
        data = program.answer(DECISION, told)
    except EngineFault as fault:
        return Decision.refuse(query.action, query.resource_type, str(fault), failed=True)
    return parse_decision(data, action=query.action, resource_type=query.resource_type)


def content(decision: Decision) -> tuple[object, ...]:
    """What a decision says; the order within a set, and saying it twice, say nothing."""
    grants, denies = (frozenset(_plain(each) for each in found)
                      for found in (decision.grants, decision.denies))  # fmt: skip
    return decision.failed, grants, denies, decision.masks, decision.expires_at


def _plain(grant: tuple[Any, ...]) -> tuple[object, ...]:
    return tuple(
        (each.field, each.operator, frozenset(each.value))
        if isinstance(each.value, tuple)
        else each
        for each in grant
    )


@settings(max_examples=80)
@given(
    st.lists(rules, min_size=1, max_size=4),
    st.lists(people, min_size=1, max_size=6),
    st.fixed_dictionaries({"deny": denies}),
)
def test_an_answer_with_the_person_put_in_is_the_one_for_the_person(
    written: list[str], asking: list[dict[str, Any]], tenant_data: dict[str, Any]
) -> None:
    modules = bundle("\n\n".join(written))
    packages = known_of(modules)
    asked = [question(person, tenant_data) for person in asking]
    general = [(query, packages.generalised(query)) for query in asked]
    assume(any(found is not None for _, found in general))
    program = Program([(module.path, module.source) for module in modules])
    for query, anybody in general:
        if anybody is not None:
            bound = with_principal(answer(program, packages, anybody), query)
            assert content(bound) == content(answer(program, packages, query))
