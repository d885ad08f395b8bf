"""Files of a policy folder: which are policies, and how they are read."""

import os
from pathlib import Path

import pytest

from colonnade.policy import PolicyError, PolicyModule
from colonnade_runtime.adapters.policy.rego.files import MAX_FILE, read_policies
from colonnade_runtime.adapters.policy.trial.test_runner import run_rego_tests

ENTRY = "package colonnade\n\ndecision := {}\n"
TESTS = "package colonnade_test\n\ntest_it if true\n"
APPLE_DOUBLE = b"\0\5\x16\7\0\2\0\0Mac OS X        "


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "colonnade.rego").write_text(ENTRY)
    (tmp_path / "colonnade_test.rego").write_text(TESTS)
    return tmp_path


def test_what_editors_and_systems_leave_is_passed_over(folder: Path) -> None:
    (folder / ".#colonnade.rego").symlink_to("ada@laptop.4711:1790000000")
    (folder / ".#colonnade_test.rego").symlink_to("ada@laptop.4711:1790000000")
    (folder / "._colonnade.rego").write_bytes(APPLE_DOUBLE)
    (folder / "._colonnade_test.rego").write_bytes(APPLE_DOUBLE)
    (folder / "~$colonnade.rego").write_bytes(b"\xff")
    for name in (".colonnade.rego.swp", "colonnade.rego~", "#colonnade.rego#"):
        (folder / name).write_bytes(b"\xff")
    assert [Path(module.path).name for module in read_policies(folder)] == ["colonnade.rego"]
    assert [(result.rule, result.passed) for result in run_rego_tests(folder)] == [
        ("test_it", True)
    ]


@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_a_byte_order_mark_and_ends_of_lines_say_nothing(folder: Path, mark: str, end: str) -> None:
    for path in folder.iterdir():
        path.write_bytes((mark + path.read_text().replace("\n", end)).encode())
    brought = PolicyModule("quiz.rego", mark + "package x\n".replace("\n", end), "quiz")
    [module] = read_policies(folder, [brought])[:1]
    assert module.source == ENTRY
    assert [result.passed for result in run_rego_tests(folder)] == [True]


@pytest.mark.parametrize("name", ["lost.rego", "lost_test.rego"])
def test_a_link_of_ones_own_that_leads_nowhere_is_named(folder: Path, name: str) -> None:
    (folder / name).symlink_to("nowhere")
    if name == "lost.rego":
        with pytest.raises(PolicyError, match=r"lost\.rego: cannot be read"):
            read_policies(folder)
    else:
        [lost] = [each for each in run_rego_tests(folder) if not each.passed]
        assert "lost_test.rego" in str(lost)


def test_a_file_that_is_too_large_is_named(folder: Path) -> None:
    (folder / "large.rego").write_bytes(b"#" * (MAX_FILE + 1))
    with pytest.raises(PolicyError, match=r"large\.rego: the file is larger than 1 MiB\.$"):
        read_policies(folder)


def test_a_file_in_the_place_of_the_folder_is_no_folder(folder: Path) -> None:
    with pytest.raises(PolicyError, match=r"colonnade\.rego: there is no such folder"):
        read_policies(folder / "colonnade.rego")


def test_the_entry_point_goes_by_its_name(folder: Path) -> None:
    (folder / "colonnade.rego").write_text("package colonnade.services.colonnade\n")
    with pytest.raises(PolicyError, match=r"colonnade\.rego:1:9: must begin with 'package co"):
        read_policies(folder)


def test_a_pipe_is_no_policy(folder: Path) -> None:
    os.mkfifo(folder / "pipe.rego")
    with pytest.raises(PolicyError, match="is not a file"):
        read_policies(folder)
