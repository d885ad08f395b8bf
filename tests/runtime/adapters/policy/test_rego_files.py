"""The platform's entry point passes the tests beside it, with every plugin's policies loaded.

Those of a plugin are part of its contract test.
"""

from pathlib import Path

import pytest

from colonnade_runtime.adapters.policy.trial.test_runner import RegoTestResult, run_rego_tests
from tests.demo_policies import POLICIES, demo_policies


@pytest.mark.parametrize(
    "result",
    run_rego_tests(POLICIES, demo_policies()),
    ids=lambda result: f"{Path(result.path).name}:{result.rule}",
)
def test_every_rule_of_every_test_file_holds(result: RegoTestResult) -> None:
    """A policy without tests, or a test that is not `true`, fails."""
    assert result.passed, str(result)
