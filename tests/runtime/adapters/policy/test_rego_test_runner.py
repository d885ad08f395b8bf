"""The runner of policy tests: what it runs, and what it refuses to call a pass."""

from pathlib import Path
from textwrap import dedent

import pytest

from colonnade.policy import PolicyError
from colonnade_runtime.adapters.policy.trial.test_runner import RegoTestResult, run_rego_tests

QUIZ = """
package colonnade.services.quiz

actions contains "quiz.read"

grants contains [] if {
    input.action == "quiz.read"
    some role in input.principal.roles
    role in {"owner", "admin"}
}
"""
HEAD = "package colonnade.services.quiz_test\nimport data.colonnade.services.quiz\n"


def run(folder: Path, tests: str | None) -> list[RegoTestResult]:
    (folder / "quiz.rego").write_text(dedent(QUIZ))
    if tests is not None:
        (folder / "quiz_test.rego").write_text(HEAD + dedent(tests))
    return run_rego_tests(folder)


def test_a_rule_that_is_true_for_its_input_passes(tmp_path: Path) -> None:
    """The input may be a literal."""
    results = run(
        tmp_path,
        """
        test_admin if {
            [] in quiz.grants with input as {
                "action": "quiz.read",
                "principal": {"roles": ["admin"]},
            }
        }
        """,
    )
    assert [(result.rule, result.passed) for result in results] == [("test_admin", True)]


def test_a_rule_that_is_undefined_fails(tmp_path: Path) -> None:
    """Undefined is not a pass."""
    (result,) = run(
        tmp_path,
        """
        test_learner if {
            [] in quiz.grants with input as {"action": "quiz.read", "principal": {"roles": ["x"]}}
        }
        """,
    )
    assert not result.passed
    asked = tmp_path / "quiz.rego"
    assert result.reason == (
        f"the result is undefined: a line of it does not hold with what {asked} says."
    )


def test_only_the_literal_true_passes(tmp_path: Path) -> None:
    """A test whose value is something else fails and says what it is."""
    (result,) = run(tmp_path, 'test_text := "true"\n')
    assert not result.passed
    assert "'true'" in result.reason


def test_each_test_has_its_own_input(tmp_path: Path) -> None:
    """Inputs may come from rules and functions of the file, and do not leak between tests."""
    results = run(
        tmp_path,
        """
        asks(role) := {"action": "quiz.read", "principal": {"roles": [role]}}

        learner := asks("learner")

        test_admin if count(quiz.grants) == 1 with input as asks("admin")

        test_learner if {
            quiz.grants == set() with input as learner
            not quiz.grants == {[]} with input as learner
        }

        test_without_input if quiz.grants == set()
        """,
    )
    assert [result.passed for result in results] == [True, True, True]


def test_a_policy_without_tests_is_a_failure(tmp_path: Path) -> None:
    """The failure names the file to write."""
    (result,) = run(tmp_path, None)
    assert not result.passed
    assert "quiz_test.rego" in result.reason


@pytest.mark.parametrize(
    ("tests", "complaint"),
    [
        ("nothing := 1\n", "there is no test"),
        ("test_a if true\n\ntest_a if false\n", "two tests named"),
        ("test_a if quiz.grants == set() with data.x as 1\n", "whole input"),
        (
            'test_a if {\n  quiz.a with input as {}\n  quiz.b with input as {"action": 1}\n}\n',
            "one input",
        ),
        ('test_a if {\n  x := 1\n  quiz.grants with input as {"action": x}\n}\n', "'x'"),
        ("test_a if {\n  not quizz.grants\n}\n", "'quizz'"),
        ("test_a if {\n", "never closed"),
        ("test_a if 1 +\n", "quiz_test.rego:"),
    ],
)
def test_a_test_file_that_cannot_be_trusted_fails(
    tmp_path: Path, tests: str, complaint: str
) -> None:
    """The whole file fails, with the reason."""
    results = run(tmp_path, tests)
    assert not any(result.passed for result in results)
    assert complaint in results[0].reason


def test_a_missing_folder_is_said_by_name(tmp_path: Path) -> None:
    """A folder without policies is an error, not an empty success."""
    with pytest.raises(PolicyError, match="no such folder"):
        run_rego_tests(tmp_path / "nowhere")
