"""Decisions give back the memory that they took."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[4]
DECISIONS = """
import sys
from pathlib import Path

import colonnade_runtime
import greenlet
import structlog
from colonnade_runtime.adapters.policy.rego.program import DECISION, Program, input_text

from tests.demo_policies import demo_policies

def resident():
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS:"))

program = Program([(module.path, module.source) for module in demo_policies()])
document = input_text({
    "action": "course.read",
    "resource_type": "course",
    "principal": {"id": "u", "kind": "user", "roles": ["learner"], "attributes": {}},
    "tenant": {"id": "acme", "plan": "standard", "status": "active"},
    "tenant_data": {},
})
program.answer(DECISION, document)
before = resident()
for _ in range(40):
    program.answer(DECISION, document)
print(resident() - before)
"""


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="needs Linux's /proc")
def test_forty_decisions_leave_less_than_one_used_to() -> None:
    done = subprocess.run(
        [sys.executable, "-c", DECISIONS], cwd=ROOT, capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) < 8_000, f"{done.stdout.strip()} kB more than before"
