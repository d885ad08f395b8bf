"""Names that nothing on the platform has are errors at their place, however they are used."""

from textwrap import dedent

import pytest

from colonnade.policy import (
    Facts,
    MemoisedPolicy,
    PolicyBundle,
    PolicyError,
    PolicyModule,
    PolicyQuery,
    Vocabulary,
)
from colonnade_runtime.adapters.policy.embedded.engine import EmbeddedPolicy
from colonnade_runtime.adapters.policy.vocabulary.misspelt_texts import inspect_vocabulary
from tests.demo_policies import POLICIES, demo_policies

ENTRY = PolicyModule("colonnade.rego", (POLICIES / "colonnade.rego").read_text())
VERBS = ("read", "update", "publish")
ACTIONS = [f"{kind}.{verb}" for kind in ("course", "quiz") for verb in VERBS]
VOCABULARY = Vocabulary(
    actions={name: frozenset({name.partition(".")[0]}) for name in ACTIONS},
    resources={name: frozenset({name.partition(".")[0]}) for name in ACTIONS},
    fields={"quiz": frozenset({"status", "course_id"}), "course": frozenset({"id", "title"})},
    relations={"quiz": frozenset({"teaches", "enrolled"}), "course": frozenset({"teaches"})},
    shown=frozenset({"answers", "title"}),
    roles=frozenset({"owner", "admin", "instructor", "learner"}),
    services=frozenset({"course", "quiz", "payment"}),
)

QUIZ = """\
package colonnade.services.quiz

actions contains name if some name in {"quiz.read", "quiz.update", "quiz.publish"}

grants contains []

"""
COURSE = QUIZ.replace("quiz", "course")


def problems(source: str, package: str = "quiz") -> list[str]:
    text = f"package colonnade.services.{package}\n\n{dedent(source)}"
    modules = [ENTRY, PolicyModule("quiz.rego", text)]
    return [str(item) for item in inspect_vocabulary(modules, VOCABULARY)]


@pytest.mark.parametrize(
    ("source", "complaint"),
    [
        # Actions, wherever they stand.
        ('deny contains [] if input.action == "quiz.raed"', "3:37: there is no action 'quiz.raed'"),
        ('deny contains [] if "quiz.raed" == input.action', "did you mean 'quiz.read'"),
        ('deny contains [] if input.action in {"quiz.read", "quiz.updte"}', "'quiz.update'"),
        ('deny contains [] if input.action in ["quiz.updte"]', "'quiz.update'"),
        ('deny contains [] if not input.action != "quiz.raed"', "'quiz.read'"),
        ('deny contains [] if input["action"] == "quiz.raed"', "3:40: there is no action"),
        ('shut := {"quiz.pubish"}\n\ndeny contains [] if input.action in shut', "'quiz.publish'"),
        ('shut contains "quiz.pubish"\n\ndeny contains [] if input.action in shut', "3:15"),
        (
            'shut := {"quiz.publish"}\n\ndeny contains [] if input.action in shut | {"quiz.raed"}',
            "'quiz.read'",
        ),
        ('deny contains [] if {\n  asked := input.action\n  asked == "quiz.raed"\n}', "5:12"),
        ('asks(name) if input.action == name\n\ndeny contains [] if asks("quiz.raed")', "5:26"),
        ('actions contains "quiz.raed"', "'quiz.read'"),
        ('actions contains name if some name in {"quiz.raed"}', "'quiz.read'"),
        ('deny contains [] if startswith(input.action, "quizz.")', "no action begins with"),
        ('deny contains [] if endswith(input.action, ".publsh")', "no action ends in"),
        ('may := {"admin": ["quiz.raed"]}\n\ndeny contains [] if input.action in may.admin', ""),
        (
            'may := {"admni": {"quiz.read"}}\n\ndeny contains [] if {\n'
            "  some role in input.principal.roles\n  input.action in may[role]\n}",
            "3:9: there is no role 'admni' (did you mean 'admin'?)",
        ),
        # Roles.
        (
            'deny contains [] if "instuctor" in input.principal.roles',
            "(did you mean 'instructor'?)",
        ),
        (
            'deny contains [] if not "teacher" in input.principal.roles',
            "there is no role 'teacher'",
        ),
        ('deny contains [] if input.principal.roles[_] == "amdin"', "'admin'"),
        (
            "deny contains [] if {\n  some role in input.principal.roles\n"
            '  role in {"owner", "admn"}\n}',
            "5:21: there is no role 'admn'",
        ),
        (
            'is(role) if role in input.principal.roles\n\ndeny contains [] if is("lerner")',
            "5:24: there is no role 'lerner'",
        ),
        (
            'deny contains [] if every role in input.principal.roles { role == "lerner" }',
            "no role 'lerner'",
        ),
        ('deny contains [] if {r | some r in input.principal.roles} & {"lerner"} != set()', "role"),
        # The others that a decision depends on.
        (
            'deny contains [] if input.resource_type == "quizz"',
            "no type of object 'quizz'",
        ),
        ('deny contains [] if input.principal.kind == "usr"', "(did you mean 'user'?)"),
        ('deny contains [] if input.tenant.status == "suspendet"', "'suspended'"),
        ('deny contains [] if input.principal.id == "service:paymnt"', "did you mean 'payment'"),
        # Conditions and masks.
        ('deny contains [{"field": "staus", "op": "eq", "value": "x"}]', "'status'"),
        ('deny contains [{"field": "status", "op": "equals", "value": "x"}]', "operator 'equals'"),
        ('late := {"field": "staus", "op": "eq", "value": "x"}', "there is no field 'staus'"),
        ('late(f) := {"field": f, "op": "eq", "value": 1}\n\nx := late("staus")', "'staus'"),
        (
            'deny contains [{"field": "course_id", "op": "related", '
            '"value": {"relation": "teches", "subject": "x"}}]',
            "there is no relation 'teches' (did you mean 'teaches'?)",
        ),
        ('masks contains "anwers" if input.action == "quiz.read"', "'answers'"),
        ('masks contains name if some name in {"anwers"}', "'answers'"),
    ],
)
def test_a_name_that_does_not_exist_is_an_error_with_its_place(source: str, complaint: str) -> None:
    told = problems(source)
    assert len(told) == 1, told
    assert complaint in told[0]
    assert told[0].startswith("quiz.rego:")


@pytest.mark.parametrize(
    "source",
    [
        'deny contains [] if input.principal.attributes.department == "sales.emea"',
        'deny contains [] if input.tenant.plan == "free"',
        'deny contains [] if startswith(input.action, "quiz.")',
        'deny contains [] if contains(input.action, "publ")',
        'x := {"learner": 1}["learner"]',
        'deny contains [] if split(input.action, ".")[1] == "read"',
        'deny contains [] if input.principal.id == "service:analytics"',
        'masks contains "answers" if input.resource_type == "quiz"',
        'deny contains [] if input.action in {name | some name in {"quiz.read"}}',
    ],
)
def test_what_exists_and_what_is_nobodys_name_is_taken(source: str) -> None:
    assert problems(source) == []


def test_a_file_about_a_service_that_is_not_enabled_may_lie_there() -> None:
    source = """\
        actions contains "ledger.close"

        grants contains [{"field": "year", "op": "eq", "value": 1}] if {
          input.action == "ledger.close"
          "owner" in input.principal.roles
        }
        """
    assert problems(source, package="ledger") == []


async def test_the_answers_of_a_service_that_is_not_enabled_are_not_judged() -> None:
    policies = demo_policies()
    quiz = PolicyModule("quiz.rego", QUIZ)
    actions = {name: "quiz" for name in ACTIONS if name.startswith("quiz.")}
    words = Vocabulary(
        actions={name: frozenset({"quiz"}) for name in actions},
        resources={name: frozenset({"quiz"}) for name in actions},
        fields={"quiz": frozenset({"status"})},
        shown=frozenset({"answers"}),
        roles=VOCABULARY.roles,
        services=frozenset({"quiz"}),
    )
    engine = EmbeddedPolicy()
    try:
        await engine.load(PolicyBundle((*policies, quiz), actions, words))
    finally:
        await engine.close()


def test_an_operators_own_file_is_read_like_a_services() -> None:
    told = problems('deny contains [] if input.action == "cuorse.publish"', package="house_rules")
    assert ["(did you mean 'course.publish'?)" in line for line in told] == [True]


def test_without_a_vocabulary_nothing_is_judged() -> None:
    assert inspect_vocabulary(demo_policies(), Vocabulary()) == []


def bundle(rules: str) -> PolicyBundle:
    modules = (ENTRY, PolicyModule("quiz.rego", QUIZ + rules), PolicyModule("course.rego", COURSE))
    actions = {name: name.partition(".")[0] for name in ACTIONS}
    return PolicyBundle(modules, actions, VOCABULARY)


@pytest.mark.parametrize(
    ("rules", "complaint"),
    [
        ('deny contains [{"field": "title", "op": "eq", "value": "x"}] if '
         'input.action == "quiz.read"', "'quiz' has no field 'title'"),
        ('masks contains lower("ANWERS")', "nothing shows the masked field 'anwers'"),
        ('deny contains [] if input.action == "quiz.raed"', "quiz.rego:7:37: there is no action"),
    ],
)  # fmt: skip
async def test_an_engine_refuses_to_load_it(rules: str, complaint: str) -> None:
    engine = EmbeddedPolicy()
    try:
        with pytest.raises(PolicyError) as refused:
            await engine.load(bundle(rules))
    finally:
        await engine.close()
    assert complaint in str(refused.value)


async def test_a_misspelt_mask_that_is_worked_out_for_few_refuses_and_does_not_show() -> None:
    """The trial meets the plans that are written out: what it did not find fails closed later."""
    policy = MemoisedPolicy(EmbeddedPolicy())
    try:
        rule = 'masks contains lower("ANWERS") if input.tenant.plan == lower("RARE")\n'
        await policy.load(bundle(rule))
        person = Facts({"id": "ada", "kind": "user", "roles": ["learner"], "attributes": {}})
        asked = [
            await policy.decide(
                PolicyQuery("quiz.read", "quiz", person, Facts({"plan": plan, "status": "active"}))
            )
            for plan in ("usual", "rare")
        ]
    finally:
        await policy.close()
    assert [(each.refused, each.failed) for each in asked] == [(False, False), (True, True)]
    assert "(did you mean 'answers'?)" in (asked[1].reason or "")
