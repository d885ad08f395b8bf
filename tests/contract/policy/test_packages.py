"""The packages that matter for an action: fewer to look into, and never another answer."""

from itertools import islice

from policy_questions import ENTRY, every_question, platform_bundle, question

from colonnade.policy import PolicyBundle, PolicyModule
from colonnade_runtime.adapters.policy.embedded.engine import EmbeddedPolicy
from colonnade_runtime.adapters.policy.rego.consulted_packages import ConsultedPackages
from colonnade_runtime.adapters.policy.rego.program import (
    ACTIONS,
    DECISION,
    Program,
    input_text,
)
from colonnade_runtime.adapters.policy.trial.verification import verify

QUIZ = PolicyModule(
    "quiz.rego",
    "package colonnade.services.quiz\n\n"
    'actions contains action if some action in {"quiz.read", "quiz.take"}\n\n'
    "grants contains []\n",
)
EXAM = PolicyModule(
    "exam.rego",
    "package colonnade.services.exam\n\n"
    'actions contains "quiz.take"\n\n'
    'actions contains "exam.read"\n\n'
    'masks contains "answers"\n',
)
NIGHT = PolicyModule("night.rego", "package colonnade.services.night\n\ndeny contains []\n")


async def test_packages_grant_what_they_declare_and_narrow_what_they_define() -> None:
    found = await verify(PolicyBundle((ENTRY, QUIZ, EXAM, NIGHT)))

    assert found.granting == {
        "quiz.read": ("quiz",),
        "quiz.take": ("exam", "quiz"),
        "exam.read": ("exam",),
    }
    assert found.narrowing == ("exam", "night")


def test_an_action_that_nobody_declares_has_no_granting_packages() -> None:
    told = ConsultedPackages({"quiz.read": ("quiz",)}, ("night",)).told(
        {"action": "nonsense"}, "nonsense"
    )

    assert told["packages"] == {"granting": (), "narrowing": ("night",)}


async def test_a_package_that_declares_nothing_still_denies() -> None:
    engine = EmbeddedPolicy()
    await engine.load(PolicyBundle((ENTRY, QUIZ, NIGHT)))
    try:
        decision = await engine.decide(question("quiz.read"))
    finally:
        await engine.close()

    assert decision.grants == ((),)
    assert decision.denies == ((),)


async def test_looking_into_those_alone_answers_as_looking_everywhere() -> None:
    """Every eleventh question, which meets every action, principal and academy."""
    bundle = platform_bundle()
    program = Program([(module.path, module.source) for module in bundle.modules])
    actions = program.answer(ACTIONS, "{}")
    assert isinstance(actions, list)
    packages = await verify(PolicyBundle(bundle.modules))

    for query in islice(every_question(sorted(actions)), 0, None, 11):
        everywhere = program.answer(DECISION, input_text(query.input()))
        document = packages.told(query.input(), query.action)
        assert program.answer(DECISION, input_text(document)) == everywhere, query
