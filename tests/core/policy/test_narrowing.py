"""What a tenant's file may say about policy."""

from typing import Any

import pytest
from pydantic import ValidationError

from colonnade.policy import TenantPolicy

PUBLISH = {"action": "course.publish", "roles": ["instructor"]}


def test_a_deny_becomes_the_data_that_policies_see() -> None:
    """What was left out is not there as null."""
    when = [{"field": "status", "op": "eq", "value": "draft"}]
    policy = TenantPolicy.model_validate({"deny": [{**PUBLISH, "when": when}, {"action": "*"}]})
    assert policy.facts().data == {"deny": [{**PUBLISH, "when": when}, {"action": "*", "when": []}]}


@pytest.mark.parametrize(
    "data",
    [
        {"grants": [[]]},
        {"deny": [{}]},
        {"deny": [{"action": ""}]},
        {"deny": [{"action": "*", "roles": []}]},
        {"deny": [{"action": "*", "roles": "learner"}]},
        {"deny": [{"action": "*", "when": [{"field": "a", "op": "like", "value": 1}]}]},
        {"deny": [{"action": "*", "when": [{"field": "a", "op": "in", "value": 1}]}]},
        {"deny": [{"action": "*", "when": [{"field": "a", "op": "eq", "value": [1]}]}]},
        {"deny": [{"action": "*", "when": [{"field": "a", "op": "related", "value": "x"}]}]},
        {"deny": [{"action": "*"}] * 65},
    ],
)
def test_anything_else_is_refused(data: dict[str, Any]) -> None:
    """Grants above all, and denies that would have no effect."""
    with pytest.raises(ValidationError):
        TenantPolicy.model_validate(data)
