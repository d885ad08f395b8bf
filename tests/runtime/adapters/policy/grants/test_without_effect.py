"""Files that look like policies and do not count are told, each with what to do."""

from pathlib import Path

import pytest

from colonnade.policy import PolicyModule
from colonnade_runtime.adapters.policy.grants.without_effect import (
    files_without_effect,
    grants_without_effect,
)

BROUGHT = {"course.rego": "course", "user.rego": "user"}
INSTEAD = "course.rego of the plugin 'course' decides instead"


def told(folder: Path) -> list[str]:
    found = map(str, files_without_effect(folder, BROUGHT))
    return [sentence.replace(f"{folder}/", "") for sentence in found]


def write(folder: Path, *names: str, text: str = "") -> None:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("course.rego.txt", "course.rego"),
        ("course.rego.bak", "course.rego"),
        ("course.REGO", "course.rego"),
        ("COURSE.Rego", "course.rego"),
        ("course.reog", "course.rego"),
        ("course.rgo", "course.rego"),
        ("course.rego (1)", "course.rego"),
    ],
)
def test_an_override_of_another_suffix_is_told(tmp_path: Path, name: str, meant: str) -> None:
    write(tmp_path, name)
    [sentence] = told(tmp_path)
    assert sentence == (
        f"{name}: does not count, since its name does not end in '.rego': {INSTEAD}. "
        f"Name it {meant}, or move it out of the folder."
    )


def test_a_file_that_takes_no_ones_place_is_told_too(tmp_path: Path) -> None:
    write(tmp_path, "House.rego.txt")
    [sentence] = told(tmp_path)
    assert "nothing that it says holds. Name it House.rego," in sentence


def test_a_policy_in_a_folder_is_told(tmp_path: Path) -> None:
    write(tmp_path, "mine/course.rego", "mine/course_test.rego", "mine/._course.rego")
    assert told(tmp_path) == [
        "mine/course.rego: does not count, since folders within the policy folder are not read: "
        f"{INSTEAD}. Move it to course.rego, or out of the folder."
    ]


def test_tests_without_their_policy_are_told(tmp_path: Path) -> None:
    write(tmp_path, "course_test.rego")
    write(tmp_path, "house_test.rego", text="import data.colonnade.services.house\n")
    lines = told(tmp_path)
    assert lines == [
        f"course_test.rego: tests course.rego, which is not in this folder: {INSTEAD}. "
        "Put course.rego back, or remove its tests.",
        "house_test.rego: tests house.rego, which is not in this folder: nothing that it says "
        "holds. Put house.rego back, or remove its tests.",
    ]


@pytest.mark.parametrize("name", ["confirmed.yml", "Confirmed.yaml", "confirmd.yaml"])
def test_confirmations_under_another_name_are_told(tmp_path: Path, name: str) -> None:
    write(tmp_path, name)
    assert told(tmp_path) == [
        f"{name}: does not count: what is confirmed is read from confirmed.yaml; name it so."
    ]


def test_what_counts_and_what_is_nothing_of_the_kind_is_not_told(tmp_path: Path) -> None:
    write(
        tmp_path, "colonnade.rego", "colonnade_test.rego", "course.rego", "course_test.rego",
        "confirmed.yaml", "README.md", "notes.txt", "data.json", "course", "course.md",
    )  # fmt: skip
    write(tmp_path, "course.rego.bak", "old/course.rego", "confirmed.yml")
    write(
        tmp_path, ".course.rego.swp", "course.rego~", "..2026_11_30/course.rego", ".git/user.rego"
    )
    write(
        tmp_path, "together_test.rego",
        text="package colonnade.services.together_test\nimport data.colonnade.services.course\n",
    )  # fmt: skip
    assert told(tmp_path) == []


def test_what_cannot_be_read_is_passed_over(tmp_path: Path) -> None:
    (tmp_path / "loop").symlink_to("loop")
    (tmp_path / "house_test.rego").symlink_to("nowhere")
    assert told(tmp_path) == []


GRANTS = "package colonnade.services.{}\n\ngrants contains []\n"


def test_grants_without_actions_are_told_at_their_place() -> None:
    house = PolicyModule("policies/house.rego", GRANTS.format("house"))
    assert [str(each) for each in grants_without_effect([house])] == [
        "policies/house.rego:3:1: grants nothing, since 'package colonnade.services.house' "
        "declares no action; add 'actions contains …' for each action that it grants."
    ]


def test_actions_in_another_file_of_the_package_make_grants_count() -> None:
    quiz = PolicyModule("quiz.rego", GRANTS.format("quiz"), "quiz", "quiz")
    actions = 'package colonnade.services.quiz\n\nactions contains "quiz.read"\n'
    more = PolicyModule("quiz_more.rego", actions, "quiz", "quiz")
    entry = PolicyModule("colonnade.rego", "package colonnade\n\ngrants contains []\n")
    assert [*grants_without_effect([quiz, more, entry])] == []
