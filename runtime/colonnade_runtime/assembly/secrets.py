"""The ways to look a secret up: our own, and those that plugins bring."""

from colonnade.secrets import SecretResolver, standard_resolvers
from colonnade_runtime.plugin_loader import Plugins


def secret_resolvers(plugins: Plugins) -> dict[str, SecretResolver]:
    """Scheme → resolver; a plugin's takes the place of ours."""
    resolvers = standard_resolvers()
    for plugin in plugins.every():
        resolvers.update(plugin.call("secret_resolvers") or {})
    return resolvers
