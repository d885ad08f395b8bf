"""Policies of the services that come with Colonnade, wherever the platform's plugins are."""

from functools import cache

from colonnade.policy import PolicyModule
from colonnade_runtime.plugins.installed import installed_plugins

DISTRIBUTION = "colonnade"


@cache
def first_party_policies() -> tuple[PolicyModule, ...]:
    """Rego files of every plugin of the distribution, by service and name."""
    modules = [
        entry.load()
        for _, distribution, _, entry in installed_plugins()
        if distribution == DISTRIBUTION
    ]
    return tuple(
        PolicyModule(name, source, info.name, info.service or "")
        for module in modules
        if hasattr(module, "policies")
        for info in [module.plugin_info()]
        for name, source in module.policies().items()
    )
