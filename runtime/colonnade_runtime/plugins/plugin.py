"""The plugins of a platform, loaded: what each says of itself, and how it is asked."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from types import ModuleType
from typing import Any

import pluggy
from pydantic import BaseModel

from colonnade.errors import ConfigurationError
from colonnade.services import PluginInfo


class PluginError(ConfigurationError):
    """Plugins that cannot be used; `problems` holds a sentence for each that is wrong."""

    code = "plugin"
    title = "The plugins cannot be loaded"

    def __init__(self, problems: Iterable[str]) -> None:
        self.problems = tuple(dict.fromkeys(problems))
        super().__init__("\n".join(self.problems))


@dataclass(frozen=True)
class Plugin:
    """A loaded plugin: what it says of itself, and where it came from.

    `name` is the service's name or the extension's. `distribution` is what was installed;
    of a module that was handed over directly it is the module's name.
    """

    name: str
    info: PluginInfo
    module: ModuleType
    distribution: str
    version: str
    config_model: type[BaseModel] | None = None
    tenant_config_model: type[BaseModel] | None = None
    manager: pluggy.PluginManager = field(repr=False, compare=False, kw_only=True)

    def __str__(self) -> str:
        return f"plugin '{self.info.name}' ({self.distribution} {self.version})"

    def call(self, hook: str, **arguments: Any) -> Any | None:
        """Answer of this plugin alone to `hook`; None when it does not implement it.

        Raises:
            LookupError: when no loaded plugin and not the platform specifies such a hook.
        """
        return call(self.manager, self.module, hook, arguments)


@dataclass(frozen=True)
class Plugins:
    """The plugins of one platform."""

    services: Mapping[str, Plugin]
    """Service name → the plugin that provides it."""
    extensions: Mapping[str, Plugin]
    """Extension name → the plugin."""
    start_order: tuple[str, ...]
    """Every service, after all those that it requires."""
    builtin: Plugin
    """True for plugins that come with Colonnade itself."""
    installed: frozenset[str] = frozenset()
    """The names of all that could be a plugin here, wanted or not."""

    def every(self) -> tuple[Plugin, ...]:
        """Services in start order, then extensions; a module with both roles comes once."""
        found = [self.services[name] for name in self.start_order]
        return (*found, *self.extensions.values())

    def adapters(self, hook: str) -> dict[str, Any]:
        """Scheme → what is registered for it under `hook`; a plugin's takes the place of ours."""
        found = dict(self.builtin.call(hook) or {})
        for plugin in self.every():
            found.update(plugin.call(hook) or {})
        return found

    def requires(self) -> dict[str, tuple[str, ...]]:
        """Service → the services that it, or an extension placed with it, may ask."""
        return requirements(self.services, self.extensions)

    def config_models(self) -> dict[str, type[BaseModel]]:
        """The models of `services.<name>.config` in the platform's file."""
        return _models(self.services, "config_model")

    def tenant_config_models(self) -> dict[str, type[BaseModel]]:
        """The models of `services.<name>.config` in a tenant's file."""
        return _models(self.services, "tenant_config_model")

    def extension_config_models(self) -> dict[str, type[BaseModel]]:
        """The models of `plugins.<name>.config` in the platform's file."""
        return _models(self.extensions, "config_model")


def offered(plugin: Plugin, hook: str) -> Any | None:
    """Answer of `plugin` to a hook without arguments.

    Raises:
        PluginError: when the plugin breaks while it answers.
    """
    try:
        return plugin.call(hook)
    except Exception as error:
        raise PluginError(
            [
                f"The {plugin} is broken: its hook {hook} raised {type(error).__name__}: {error}."
                " Install another version of it, or remove it from the platform."
            ]
        ) from error


def requirements(
    services: Mapping[str, Plugin], extensions: Mapping[str, Plugin]
) -> dict[str, tuple[str, ...]]:
    """Service → what it may ask; what an extension asks counts for the services it extends."""
    found = {name: list(plugin.info.requires) for name, plugin in services.items()}
    for extension in extensions.values():
        for host in extension.info.implements:
            asked = (name for name in extension.info.requires if name != host)
            found.get(host, []).extend(asked)
    return {name: tuple(dict.fromkeys(asked)) for name, asked in found.items()}


def call(
    manager: pluggy.PluginManager, module: ModuleType, hook: str, arguments: Mapping[str, Any]
) -> Any | None:
    """Answer of the plugin in `module` alone to `hook`; None when it does not implement it.

    Raises:
        LookupError: when nothing specifies such a hook.
    """
    if getattr(manager.hook, hook, None) is None:
        raise LookupError(f"There is no hook '{hook}' among the enabled plugins.")
    others = [other for other in manager.get_plugins() if other is not module]
    answers = manager.subset_hook_caller(hook, others)(**arguments)
    return answers[0] if answers else None


def _models(plugins: Mapping[str, Plugin], attribute: str) -> dict[str, type[BaseModel]]:
    found = ((name, getattr(plugin, attribute)) for name, plugin in plugins.items())
    return {name: model for name, model in found if model is not None}
