"""The platform's own policies pass the tests beside them."""

from pathlib import Path

import pytest

from colonnade_runtime.adapters.policy.trial.test_runner import RegoTestResult, run_rego_tests

POLICIES = Path(__file__).parents[4] / "policies"


@pytest.mark.parametrize(
    "result", run_rego_tests(POLICIES), ids=lambda result: f"{Path(result.path).name}:{result.rule}"
)
def test_every_rule_of_every_test_file_holds(result: RegoTestResult) -> None:
    """A policy without tests, or a test that is not `true`, fails."""
    assert result.passed, str(result)
