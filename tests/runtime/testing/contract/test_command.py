"""`colonnade check --plugin`: the rules from the command line."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from rich.console import Console

from colonnade_runtime.cli import main
from colonnade_runtime.testing.contract import RULES, Subject
from colonnade_runtime.testing.contract.examination import trial_run as trial

Write = Callable[..., Subject]


def check(*arguments: object) -> Result:
    return CliRunner().invoke(main, ["check", *map(str, arguments)])


def test_a_good_plugin_is_a_line_a_rule(write: Write, tmp_path: Path) -> None:
    write()
    result = check("--plugin", tmp_path)
    lines = result.stdout.splitlines()
    assert result.exit_code == 0
    assert len([line for line in lines if line.startswith("ok ")]) == len(RULES)
    assert lines[-1].endswith("keeps every rule.")


def test_showing_that_it_takes_long_is_no_ones_fault(
    write: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is drawn for whoever waits is no thread that the plugin left behind."""
    status = Console(stderr=True).status("Working")
    declare = trial.declare

    def slowly(*arguments: Any) -> Path:
        status.start()
        return declare(*arguments)

    monkeypatch.setattr(trial, "declare", slowly)
    write()
    try:
        assert check("--plugin", tmp_path).exit_code == 0
    finally:
        status.stop()


def test_a_broken_plugin_fails_and_pipelines_can_read_why(write: Write, tmp_path: Path) -> None:
    subject = write("plugin.py", ('version="0.0.1"', 'version="soon"'))
    result = check("--plugin", tmp_path / subject.package, "--format", "json")
    document = json.loads(result.stdout)
    failed = [rule for rule in document["plugins"][0]["rules"] if rule["outcome"] == "failed"]
    assert result.exit_code == 1
    assert document["valid"] is False
    assert [rule["rule"] for rule in failed] == ["says_who_it_is"]
    assert "'soon' is not semantic" in failed[0]["problems"][0]


def test_a_hook_that_raises_is_a_finding_and_no_trace(write: Write, tmp_path: Path) -> None:
    subject = write()
    for policy in (tmp_path / subject.package / "policies").glob("*.rego"):
        policy.unlink()
    result = check("--plugin", tmp_path)
    assert result.exit_code == 1
    assert "raised FileNotFoundError" in result.stdout
    assert re.search(r"\d+ of \d+ rules (is|are) broken", result.stdout.splitlines()[-1])


def test_rules_that_cannot_be_tried_name_the_reason(write: Write, tmp_path: Path) -> None:
    write("policies/SERVICE.rego", ('"SERVICE_item.delete"', '"SERVICE_item.burn"'))
    lines = check("--plugin", tmp_path).stdout.splitlines()
    assert any(line.startswith("problem ") for line in lines)
    [said] = [line for line in lines if "the plugin does not start" in line]
    assert "remove it from the platform" not in said
    assert re.search(r"rules (is|are) broken, \d+ were not tried\.$", lines[-1])


@pytest.mark.parametrize(
    ("file", "change", "says"),
    [
        (
            "api.py",
            ("import ListRequest, Page\n", "import ListRequest, Pagee\n"),
            "ImportError: cannot import name 'Pagee'",
        ),
        ("api.py", ("class TITLEItem(Message):", "class TITLEItem(Message)"), "SyntaxError"),
        ("resources.py", ("fields={", "fields=Fields | {"), "NameError"),
    ],
)
def test_a_module_that_cannot_be_imported_is_told_once_and_with_its_place(
    write: Write, tmp_path: Path, file: str, change: tuple[str, str], says: str
) -> None:
    package = write(file, change).package
    result = check("--plugin", tmp_path)
    lines = result.stdout.splitlines()
    [told] = [line for line in lines if says in line]
    assert re.match(rf" +{package}/{file}:\d+ cannot be imported: ", told)
    assert told.endswith("Mend it there, or install what it needs.")
    assert "remove it from the platform" not in result.stdout
    assert re.search(r"1 of \d+ rules is broken, \d+ were not tried\.$", lines[-1])


@pytest.mark.parametrize(
    ("files", "says"),
    [
        ({}, "holds no plugin"),
        ({"pyproject.toml": "[project]\nname = 'x'\n"}, "registers no plugin"),
        ({"pyproject.toml": "["}, "is not TOML"),
        (
            {"pyproject.toml": '[project.entry-points."colonnade.plugins"]\nlost = "lost_one.p"\n'},
            "The package lost_one is not in",
        ),
        ({"plugin.py": "import nothing_of_this_name\n"}, "cannot be imported"),
        ({"plugin.py": "raise SystemExit(3)\n"}, "cannot be imported: SystemExit: 3"),
    ],
)
def test_what_is_no_plugin_is_a_sentence(tmp_path: Path, files: dict[str, str], says: str) -> None:
    folder = tmp_path / "folder_without_plugin"
    folder.mkdir()
    for name, text in files.items():
        (folder / name).write_text(text)
    result = check("--plugin", folder)
    assert result.exit_code == 1
    assert says in result.stderr


def test_a_folder_that_is_not_there_is_a_sentence(tmp_path: Path) -> None:
    assert "There is nothing at" in check("--plugin", tmp_path / "lost").stderr


@pytest.mark.parametrize("name", ["Quiz", "quiz_", "4quiz", "acme-", "acme-4", "a" * 61, "class"])
def test_a_name_that_cannot_be_one_is_refused(tmp_path: Path, name: str) -> None:
    result = CliRunner().invoke(main, ["new", "plugin", name, "--into", str(tmp_path / "new")])
    assert result.exit_code == 1
    assert not (tmp_path / "new").exists()


def test_the_plugin_and_its_service_are_named(tmp_path: Path) -> None:
    arguments = ["new", "plugin", "assignment-review", "--into", str(tmp_path / "new")]
    told = CliRunner().invoke(main, arguments).stdout
    assert "the plugin 'assignment-review' with the service 'review'" in told


def test_a_name_that_is_taken_is_refused() -> None:
    result = CliRunner().invoke(main, ["new", "plugin", "course"])
    assert "There is a package colonnade_course already" in result.stderr


def test_nothing_is_overwritten(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("mine")
    result = CliRunner().invoke(main, ["new", "plugin", "quiz", "--into", str(tmp_path)])
    assert "is not empty" in result.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]
