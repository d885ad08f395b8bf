"""Names of modules are nothing to the engine: it writes to no path, and reports go by our own."""

import tempfile
from pathlib import Path

import pytest

from colonnade.policy import PolicyModule
from colonnade_runtime.adapters.policy.rego.program import CompilationFault, Program
from colonnade_runtime.adapters.policy.trial.verification import compilation_problems

SOURCE = "package quiz\n\nok if count([1]) == 1\n"
BROKEN = "package broken\n\nok if {\n"


@pytest.mark.parametrize("name", ["{folder}/outside.txt", "../outside.txt", "outside.txt"])
def test_the_built_ins_are_read_without_writing_to_a_modules_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    (tmp_path / "temporary").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "temporary"))
    monkeypatch.chdir(tmp_path / "temporary")
    outside = tmp_path / "outside.txt"
    outside.write_text("kept")
    (tmp_path / "temporary" / "outside.txt").write_text("kept")
    modules = [("first.rego", "package other\n"), (name.format(folder=tmp_path), SOURCE)]
    assert "count" in Program(modules, ["quiz/ok"]).builtins()
    assert {path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*")} == {
        "outside.txt", "temporary", "temporary/outside.txt",
    }  # fmt: skip
    assert outside.read_text() == (tmp_path / "temporary" / "outside.txt").read_text() == "kept"


@pytest.mark.parametrize("name", ["/srv/policies/quiz.rego", "a|7|1.rego", "../é \n.rego"])
def test_a_report_names_the_file_and_not_what_the_engine_calls_it(name: str) -> None:
    modules = [PolicyModule("fine.rego", SOURCE), PolicyModule(name, BROKEN)]
    with pytest.raises(CompilationFault) as fault:
        Program([(module.path, module.source) for module in modules], ["quiz/ok"])
    problems = compilation_problems(str(fault.value), modules)
    assert {problem.path for problem in problems} == {name}
    assert (3, 7) in {(problem.line, problem.column) for problem in problems}
