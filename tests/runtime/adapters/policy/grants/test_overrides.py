"""An operator's file takes the place of a plugin's, whole or not at all."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from colonnade.policy import Decision, Facts, PolicyBundle, PolicyError, PolicyModule, PolicyQuery
from colonnade_runtime.adapters.policy.embedded.engine import EmbeddedPolicy
from colonnade_runtime.adapters.policy.rego.files import read_policies
from tests.demo_policies import POLICIES

ACTIONS = {"quiz.read": "quiz"}
PACKAGE = "package colonnade.services.quiz\n"
KNOWN = f'{PACKAGE}\nactions contains "quiz.read"\n'
TO_ALL = f"{KNOWN}\ngrants contains []\n"
THEIRS = PolicyModule("quiz.rego", TO_ALL, "acme-quiz", "quiz")
OWNER = Facts({"id": "ada", "kind": "user", "roles": ["owner"], "attributes": {}})
QUESTION = PolicyQuery("quiz.read", "quiz", OWNER, Facts({"id": "acme", "status": "active"}))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "colonnade.rego").write_text((POLICIES / "colonnade.rego").read_text())
    return tmp_path


async def decided(folder: Path, brought: Sequence[PolicyModule] = (THEIRS,)) -> Decision:
    engine = EmbeddedPolicy(timeout=10.0)
    try:
        await engine.load(PolicyBundle(read_policies(folder, brought), ACTIONS))
        return await engine.decide(QUESTION)
    finally:
        await engine.close()


async def test_what_the_plugin_granted_is_granted_no_longer(folder: Path) -> None:
    assert (await decided(folder)).grants == ((),)
    (folder / "quiz.rego").write_text(KNOWN)
    assert (await decided(folder)).grants == ()


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", r"quiz\.rego:1:1: the file must begin with its package"),
        (PACKAGE, "no policy knows the action 'quiz.read' of service 'quiz'"),
        (
            "# ours\npackage colonnade.services.quizz\n",
            r"^\S+quiz\.rego:2:9: must begin with 'package colonnade\.services\.quiz', "
            r"not with 'package colonnade\.services\.quizz'\.$",
        ),
        (
            "package colonnade.services.user\n\nthis is no Rego",
            r"^\S+quiz\.rego:1:9: must begin with 'package colonnade\.services\.quiz'",
        ),
        (f"{KNOWN}\ngrants contains [] {{", "is never closed"),
    ],
    ids=["nothing", "no action", "another package", "another service's package", "no Rego"],
)
async def test_a_file_that_says_too_little_is_refused(folder: Path, text: str, says: str) -> None:
    """The plugin's does not step in."""
    (folder / "quiz.rego").write_text(text)
    with pytest.raises(PolicyError, match=says):
        await decided(folder)


def test_a_file_that_cannot_be_read_is_refused(folder: Path) -> None:
    (folder / "quiz.rego").symlink_to(folder / "nowhere")
    with pytest.raises(PolicyError, match=r"quiz\.rego: cannot be read"):
        read_policies(folder, [THEIRS])


@pytest.mark.parametrize("name", ["quizzes.rego", "Quiz.rego"])
async def test_a_file_of_another_name_in_the_plugins_package_is_refused(
    folder: Path, name: str
) -> None:
    """Both would count, and a stricter copy would take nothing away."""
    (folder / name).write_text(KNOWN)
    with pytest.raises(PolicyError, match="would count beside this file") as no:
        await decided(folder)
    assert str(no.value).startswith(f"{folder / name}:1:1: ")
    assert "name it quiz.rego to take the place of the plugin's file" in str(no.value)


@pytest.mark.parametrize("brought", [[THEIRS], []], ids=["in place of a plugin's", "the only one"])
@pytest.mark.parametrize("name", ["quiz-before.rego", "a.rego", "quiz_2.rego"])
async def test_a_second_file_of_the_package_is_refused_too(
    folder: Path, name: str, brought: Sequence[PolicyModule]
) -> None:
    """What a copy for safekeeping grants would be granted for ever."""
    (folder / "quiz.rego").write_text(KNOWN)
    (folder / name).write_text(TO_ALL)
    with pytest.raises(PolicyError, match="which would count beside this file") as no:
        await decided(folder, brought)
    assert str(no.value).startswith(f"{folder / name}:1:1: 'package colonnade.services.quiz' is ")
    assert str(folder / "quiz.rego") in str(no.value)
    assert len(str(no.value).splitlines()) == 1


async def test_rules_of_ones_own_may_stand_in_several_files(folder: Path) -> None:
    for name in ("house.rego", "garden.rego"):
        (folder / name).write_text(
            "package colonnade.services.house\n\n"
            f'deny contains [] if input.action == "quiz.read"\n# {name}\n'
        )
    assert (await decided(folder)).denies == ((),)


async def test_rules_are_added_in_a_package_of_their_own(folder: Path) -> None:
    house = "package colonnade.services.house\n\ndeny contains []\n"
    (folder / "house.rego").write_text(house)
    decision = await decided(folder)
    assert (decision.grants, decision.denies) == (((),), ((),))


async def test_one_of_a_plugins_files_is_replaced_and_the_others_stay(folder: Path) -> None:
    who = PolicyModule("quiz_people.rego", f"{PACKAGE}\nis_reader if true\n", "acme-quiz", "quiz")
    theirs = PolicyModule("quiz.rego", f"{TO_ALL[:-1]} if is_reader\n", "acme-quiz", "quiz")
    assert (await decided(folder, [theirs, who])).grants == ((),)
    (folder / "quiz_people.rego").write_text(f"{PACKAGE}\nis_reader if false\n")
    assert (await decided(folder, [theirs, who])).grants == ()


def test_it_is_known_whose_place_a_file_takes(folder: Path) -> None:
    (folder / "quiz.rego").write_text(KNOWN)
    [_, own] = read_policies(folder, [THEIRS])
    assert (own.plugin, own.replaces) == ("", ("acme-quiz",))
