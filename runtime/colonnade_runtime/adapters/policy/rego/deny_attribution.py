"""Attribution of denials to rules: an answer holds their conditions, not their names.

A question is asked once more for each package that may deny, with no other package to look into.
That happens for answers with denials alone, and answers are remembered.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace

from colonnade.errors import ColonnadeError
from colonnade.policy import Decision, PolicyQuery, parse_decision
from colonnade.policy.decision import Grant
from colonnade.tenant_status import TenantStatus
from colonnade_runtime.adapters.policy.rego.consulted_packages import ConsultedPackages
from colonnade_runtime.adapters.policy.rego.module_inspection import SERVICE_PACKAGE
from colonnade_runtime.adapters.policy.rego.program import EngineFault

Ask = Callable[[Mapping[str, object]], Awaitable[object]]
"""Asks the engine with an input document."""

ACADEMY = "input.tenant_data.deny"
SUSPENSION = "input.tenant.status"
ENTRY_POINT = "data.colonnade.deny"


async def with_deny_rules(
    decision: Decision, query: PolicyQuery, packages: ConsultedPackages, ask: Ask
) -> Decision:
    """The decision with the name of the rule behind each denial. Never raises: where the engine
    does not say, the names of all that may deny stay."""
    if not decision.denies:
        return decision
    try:
        everywhere = await _denies(query, (), ask)
        by_package = {
            name: await _denies(query, (name,), ask) - everywhere for name in packages.narrowing
        }
    except (EngineFault, ColonnadeError, TimeoutError, OSError):
        return decision
    names = tuple(_names(deny, query, everywhere, by_package) for deny in decision.denies)
    if not decision.refused or not decision.grants:
        return replace(decision, deny_rules=names)
    denying = [name for deny, name in zip(decision.denies, names, strict=True) if not deny]
    return replace(decision, deny_rules=names, rules=tuple(denying))


async def _denies(query: PolicyQuery, narrowing: Sequence[str], ask: Ask) -> frozenset[Grant]:
    told = {"granting": (), "narrowing": tuple(narrowing)}
    answer = await ask({**query.input(), "packages": told})
    parsed = parse_decision(answer, action=query.action, resource_type=query.resource_type)
    if parsed.failed:
        raise EngineFault(parsed.reason or "")
    return frozenset(parsed.denies)


def _names(
    deny: Grant,
    query: PolicyQuery,
    everywhere: frozenset[Grant],
    by_package: Mapping[str, frozenset[Grant]],
) -> str:
    names = [
        f"data.{SERVICE_PACKAGE}{name}.deny"
        for name, denies in by_package.items()
        if deny in denies
    ]
    if deny in everywhere:
        names += _of_the_entry_point(deny, query)
    return ", ".join(names) or ENTRY_POINT


def _of_the_entry_point(deny: Grant, query: PolicyQuery) -> list[str]:
    own = query.tenant_data.data.get("deny", [])
    found = [
        f"{ACADEMY}[{index}]"
        for index, rule in enumerate(own if isinstance(own, list) else [])
        if _may_be(rule, deny, query)
    ]
    if found:
        return found
    return [ENTRY_POINT if query.tenant.data.get("status") == TenantStatus.ACTIVE else SUSPENSION]


def _may_be(rule: Mapping[str, object], deny: Grant, query: PolicyQuery) -> bool:
    """Tell whether this denial is what an academy's rule says of this question."""
    if rule.get("action") not in (query.action, "*"):
        return False
    roles, own = rule.get("roles"), query.principal.data.get("roles", [])
    if isinstance(roles, list) and isinstance(own, list) and not set(roles) & set(own):
        return False
    answer = {"grants": [], "deny": [rule.get("when", [])], "masks": [], "expires_at": []}
    said = parse_decision(answer, action=query.action, resource_type=query.resource_type)
    return said.denies == (deny,)
