"""The page for operators: its example works, and its lists are complete."""

import re
from pathlib import Path

import pytest
import yaml

from colonnade.policy import Facts, Operator, PolicyBundle, PolicyQuery, TenantPolicy
from colonnade_runtime.adapters.policy.embedded.engine import EmbeddedPolicy
from colonnade_runtime.adapters.policy.rego.builtins import ALLOWED_BUILTINS
from colonnade_runtime.adapters.policy.rego.files import read_policies
from colonnade_runtime.adapters.policy.rego.module_inspection import GATHERED, INPUT
from colonnade_runtime.adapters.policy.trial.test_runner import run_rego_tests

ROOT = Path(__file__).parents[4]
PAGE = (ROOT / "docs/operators/policies.md").read_text("utf-8")
BLOCKS = dict(re.findall(r"^```rego (\S+)\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE))
TENANT = re.search(r"^```yaml tenant\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, source in BLOCKS.items():
        (tmp_path / name).write_text(source)
    return tmp_path


def test_the_tests_of_the_example_pass(folder: Path) -> None:
    """Run the tests as they are printed."""
    results = run_rego_tests(folder)
    assert len(results) == 4
    assert all(result.passed for result in results), results


async def test_the_example_loads_and_decides(folder: Path) -> None:
    """Load the example beside the platform's entry point, with a tenant's deny as printed."""
    entry = (ROOT / "policies/colonnade.rego").read_text("utf-8")
    (folder / "colonnade.rego").write_text(entry)
    engine = EmbeddedPolicy(timeout=5.0)
    await engine.load(PolicyBundle(read_policies(folder), {"quiz.read": "quiz"}))
    ada = Facts({"id": "ada", "kind": "user", "roles": ["learner"], "attributes": {}})
    decision = await engine.decide(PolicyQuery("quiz.read", "quiz", ada, Facts({"id": "acme"})))
    await engine.close()
    assert len(decision.grants) == 2
    assert decision.masks == {"answers"}


def test_the_tenants_example_is_valid() -> None:
    """The tenant's file takes the example as printed."""
    assert TENANT is not None
    policy = TenantPolicy.model_validate(yaml.safe_load(TENANT[1])["policy"])
    assert [deny.action for deny in policy.deny] == ["course.publish", "course.delete"]


@pytest.mark.parametrize(
    "word",
    [
        *sorted(ALLOWED_BUILTINS),
        *Operator,
        *sorted(GATHERED),
        *[f"principal.{name}" for name in sorted(INPUT["principal"])],
        *[f"tenant.{name}" for name in sorted(INPUT["tenant"])],
    ],
)
def test_every_word_of_the_contract_is_on_the_page(word: str) -> None:
    """Built-ins, operators, sets and members of the input."""
    assert f"`{word}`" in PAGE
