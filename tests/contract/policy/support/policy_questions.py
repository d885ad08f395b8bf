"""Policies and questions that every engine must answer alike."""

from collections.abc import Iterator, Mapping
from itertools import product
from typing import Any

from colonnade.policy import Decision, Facts, PolicyBundle, PolicyModule, PolicyQuery
from tests.demo_policies import POLICIES, demo_policies

ENTRY = PolicyModule("colonnade.rego", (POLICIES / "colonnade.rego").read_text("utf-8"))
READ = 'grants contains [] if input.action == "quiz.read"\n'
ADA = "0190a000-0000-7000-8000-000000000001"


def platform_bundle() -> PolicyBundle:
    """The policies that the demo platform runs with."""
    return PolicyBundle(demo_policies())


def quiz(rules: str) -> PolicyBundle:
    """A bundle with one small service."""
    source = f'package colonnade.services.quiz\n\nactions contains "quiz.read"\n\n{rules}\n'
    return PolicyBundle((ENTRY, PolicyModule("quiz.rego", source)), {"quiz.read": "quiz"})


def question(
    action: str = "quiz.read",
    principal: Mapping[str, Any] | None = None,
    tenant: Mapping[str, Any] | None = None,
    tenant_data: Mapping[str, Any] | None = None,
) -> PolicyQuery:
    """A query with everything that the input must hold."""
    facts = {"id": ADA, "kind": "user", "roles": [], "attributes": {}, "on_behalf_of": None}
    academy = {"id": "acme", "plan": "free", "status": "active"}
    return PolicyQuery(
        action,
        action.partition(".")[0],
        Facts(facts | dict(principal or {})),
        Facts(academy | dict(tenant or {})),
        Facts(tenant_data or {}),
    )


PRINCIPALS: tuple[Mapping[str, Any], ...] = (
    {"id": "anonymous", "kind": "anonymous"},
    {"id": ADA, "kind": "user", "roles": ["learner"]},
    {"id": ADA, "kind": "user", "roles": ["instructor"]},
    {"id": ADA, "kind": "user", "roles": ["admin", "learner"]},
    {"id": ADA, "kind": "user", "roles": ["owner"]},
    {"id": ADA, "kind": "api_key", "roles": ["admin"]},
    {"id": "service:payment", "kind": "service"},
    {"id": "service:operator", "kind": "service"},
    {"id": "service:payment", "kind": "user"},
)
ACADEMIES: tuple[tuple[Mapping[str, Any], Mapping[str, Any]], ...] = (
    ({}, {}),
    ({"status": "suspended"}, {}),
    ({}, {"deny": [{"action": "course.read", "roles": ["learner"]}]}),
    ({}, {"deny": [{"action": "*", "when": [{"field": "id", "op": "eq", "value": ADA}]}]}),
)


def every_question(actions: list[str]) -> Iterator[PolicyQuery]:
    """Each action asked by each principal in each academy."""
    for action, principal, (tenant, data) in product(actions, PRINCIPALS, ACADEMIES):
        yield question(action, principal, tenant, data)


def comparable(decision: Decision) -> dict[str, Any]:
    """Content of a decision; the order within a set says nothing."""
    return {
        "failed": decision.failed,
        "grants": sorted(map(repr, decision.grants)),
        "denies": sorted(map(repr, decision.denies)),
        "masks": sorted(decision.masks),
        "expires_at": decision.expires_at,
    }
