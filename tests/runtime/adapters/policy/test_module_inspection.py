"""Modules refused before any engine sees them, since an engine would read something else."""

from textwrap import dedent

import pytest

from colonnade.policy import PolicyModule
from colonnade_runtime.adapters.policy.rego.module_inspection import inspect_modules
from tests.demo_policies import demo_policies

ENTRY = PolicyModule("colonnade.rego", "package colonnade\n\ndecision := {}\n")


def problems(source: str, package: str = "colonnade.services.quiz") -> list[str]:
    text = f"package {package}\n\n{dedent(source)}"
    return [str(item) for item in inspect_modules([ENTRY, PolicyModule("quiz.rego", text)])]


def test_the_platforms_own_policies_are_clean() -> None:
    """The checks refuse nothing that ships."""
    assert inspect_modules(demo_policies()) == []


@pytest.mark.parametrize(
    "source",
    [
        "a if {\n  # net.cidr_contains(1, 2) and inptu\n  true\n}",
        'a := "http.send(1) $ with input"',
        "a := `http.send(1) \\u0041`",
        "a if {\n  some x, y in [1]\n  x == y\n}",
        "a if every role in input.principal.roles { role == 1 }",
        "a if {\n  [x, y] := [1, 2]\n  x < y\n}",
        "f(x, [y]) := x if y == 1\n\na := f(1, [1])",
        "a := {x | some x in [1]}",
        'a := 1 if input.action == "x"\nelse := 2 if true\nelse := 3',
        'a if input.principal.attributes.department == "x"',
        "import data.colonnade.services.other as o\n\na if o.f(1)",
        "default a := false\n\na if count ([1]) == 1",
        "a := set()",
        "grants contains g if {\n  some g in {[]}\n}",
    ],
)
def test_ordinary_policies_are_taken(source: str) -> None:
    """Comments, texts, comprehensions and functions of one's own fool no check."""
    assert problems(source) == []


@pytest.mark.parametrize(
    ("source", "complaint"),
    [
        ("a if not net.cidr_contains(1, 2)", "quiz.rego:3:10: 'net.cidr_contains'"),
        ("a if http.send({})", "'http.send'"),
        ("a if http . send({})", "'http.send'"),
        ("a := opa.runtime()", "'opa.runtime'"),
        ("a if cuont([1]) == 1", "did you mean 'count'"),
        ("a if not inptu.action", "'inptu' is nothing that is known"),
        ("a if not input.acton", "no 'acton'"),
        ("a if not input.principal.role", "no 'role'"),
        ("a if not input.tenant.state", "no 'state'"),
        ("a if {\n  x = 1\n}", "'x' is nothing"),
        ("a if b with input as {}\n\nb if true", "'with' is for tests"),
        ("a { true }", "write 'if'"),
        ("a[x] { x := 1 }", "write 'if'"),
        ("a = 1 { true }", "write 'if'"),
        ("a if { true } { false }", "second body"),
        ("a := 1 if true\nelse := 2 { true }", "write 'if'"),
        ('a := "\\u0041"', "write the character itself"),
        ("a := input", "which part of 'input'"),
        ('a := input["action"]', "which part of 'input'"),
        ("a := data", "which part of 'data'"),
        ("grants contains [] if input.tenant_data.vip", "only the entry point reads it"),
        ('a := object.get(input.tenant, "tenant_data", 1)', "only the entry point reads it"),
        ("count(x) := x", "belongs to the built-ins"),
        ("internal := 1", "belongs to the built-ins"),
        ("in := 1", "is a word of Rego"),
        ("a if time.now_ns() > 1", "must also define 'expires_at'"),
        ('a := $"{input.action}"', "template strings"),
        ('a := "open', "not closed on its line"),
        ("a := `open", "raw text is not closed"),
        ("a := (1", "'(' is never closed"),
        ("a := 1)", "closes nothing"),
        ("a := 1 ~ 2", "does not belong here"),
        ("package again", "second package"),
        ("import foo.bar", "below 'data' or 'input'"),
        ("1 == 1", "begins with its name"),
        ('deny := "everything"', "write 'deny contains …'"),
        ("grants[1] := [] if true", "write 'grants contains …'"),
        ("denies contains []", "write 'deny contains …'"),
        ("allow if true", "write 'grants contains …'"),
        ("denys contains []", "nobody gathers 'denys'; write 'deny contains …'"),
        ("grantss contains [] if true", "nobody gathers 'grantss'; write 'grants contains …'"),
        (
            "a if data.colonnade.services.quiz.is_adminstrator\n\nis_administrator if true",
            "defines no 'is_adminstrator' (did you mean 'is_administrator'?)",
        ),
        (
            "a if not data.colonnade.services.quizz.b\n\nb if true",
            "no package 'colonnade.services.quizz' (did you mean 'colonnade.services.quiz'?)",
        ),
    ],
)
def test_what_an_engine_would_misread_is_refused(source: str, complaint: str) -> None:
    """Each with its place and a sentence that says what to do."""
    found = problems(source)
    assert any(complaint in problem for problem in found), found
    assert all(problem.startswith("quiz.rego:") for problem in found)


@pytest.mark.parametrize("package", ["quiz", "colonnade.quiz", "colonnade.services.a.b"])
def test_a_package_that_nobody_gathers_is_refused(package: str) -> None:
    """Rules that have no effect are a mistake."""
    assert "is not gathered" in problems("a := 1", package)[0]


def test_a_file_without_package_is_refused() -> None:
    """The message shows what to write."""
    (problem,) = inspect_modules([ENTRY, PolicyModule("quiz.rego", "# nothing\n")])
    assert str(problem).startswith("quiz.rego:1:1: the file must begin with its package")


def test_policies_without_the_entry_point_are_refused() -> None:
    """The missing file is named."""
    module = PolicyModule("quiz.rego", "package colonnade.services.quiz\n")
    assert "policies/colonnade.rego" in str(inspect_modules([module])[0])


def test_every_problem_of_every_file_is_reported_at_once() -> None:
    """An operator mends all in one go."""
    found = problems("a if not inptu.x\n\nb if http.send(1)\n")
    assert len(found) == 2
