"""Queries to the policy engine: an action, and the facts about who asks in which tenant."""

from functools import lru_cache

from colonnade.context import Context, Principal
from colonnade.operations import Operation
from colonnade.policy import Facts, PolicyQuery
from colonnade_runtime.calls.tenants import TenantEntry


@lru_cache(maxsize=10_000)
def principal_facts(principal: Principal) -> Facts:
    """Facts about a principal for policies."""
    return Facts(
        {
            "id": principal.id,
            "kind": str(principal.kind),
            "roles": list(principal.roles),
            "attributes": dict(principal.attributes),
            "on_behalf_of": principal.on_behalf_of,
        }
    )


def policy_query(
    action: str, operation: Operation, context: Context, entry: TenantEntry
) -> PolicyQuery:
    """Query for `action` by the principal of `context`, about the operation's resource."""
    return PolicyQuery(
        action,
        operation.resource,
        principal_facts(context.principal),
        entry.facts,
        entry.policy_data,
    )
