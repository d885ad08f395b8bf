"""The policies of a process: the engine that the declaration names, with every plugin's rules."""

from colonnade.operations import operation_of
from colonnade.policy import MemoisedPolicy, PolicyBundle
from colonnade_runtime.adapters.policy.embedded import embedded_policy
from colonnade_runtime.adapters.policy.files import read_policies
from colonnade_runtime.assembly.adapters import no_adapter
from colonnade_runtime.declaration import LoadedPlatform
from colonnade_runtime.plugin_loader import Plugins


def make_policy(loaded: LoadedPlatform) -> MemoisedPolicy:
    """The declared engine behind a memory of its decisions; nothing is loaded yet.

    Raises:
        ConfigurationError: when there is no adapter for it.
    """
    address = loaded.platform.policy.engine
    if address.scheme != "embedded":
        raise no_adapter(loaded, ("policy", "engine"), address.scheme, ["embedded"])
    return MemoisedPolicy(embedded_policy(address.url))


def policy_bundle(loaded: LoadedPlatform, plugins: Plugins) -> PolicyBundle:
    """The policies of a platform, and the actions that they must know.

    Raises:
        PolicyError: when a file cannot be read.
    """
    brought: dict[str, str] = {}
    actions: dict[str, str] = {}
    for plugin in plugins.every():
        brought.update(plugin.call("policies") or {})
        for request in plugin.call("operations") or ():
            operation = operation_of(request)
            actions[operation.action] = operation.service
    return PolicyBundle(read_policies(loaded.policies_folder, brought), actions)
