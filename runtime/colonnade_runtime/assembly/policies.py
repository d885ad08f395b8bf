"""The policies of a process: the operator's files and every plugin's rules."""

from colonnade.operations import operation_of
from colonnade.policy import PolicyBundle
from colonnade_runtime.adapters.policy.files import read_policies
from colonnade_runtime.declaration import LoadedPlatform
from colonnade_runtime.plugin_loader import Plugins


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
