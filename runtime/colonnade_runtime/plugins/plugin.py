"""The plugins of a platform, loaded: what each says of itself, and how it is asked."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from functools import cached_property
from types import ModuleType
from typing import Any

import click
import pluggy
from pydantic import BaseModel

from colonnade.adapters import GatewayFilter
from colonnade.dead_letters import DeadLetterSource
from colonnade.errors import ConfigurationError
from colonnade.events import Event
from colonnade.messages import Request
from colonnade.policy import ResourceType
from colonnade.sagas import Saga
from colonnade.services import (
    Authenticator,
    HealthCheck,
    PluginInfo,
    Schedule,
    ServiceContext,
    StoreNeed,
)
from colonnade_runtime.observability.failures import failure_in_words

ADVICE_FOR_OPERATORS = " Install another version of it, or remove it from the platform."
"""End of the sentence about a broken plugin; its author is told something else."""


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

    Each hook without arguments is a property, which asks once, when it is first needed: answering
    imports routes, tables and commands, and `check` needs few of them. It raises `PluginError`
    when the plugin breaks while it answers.
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

    @cached_property
    def operations(self) -> tuple[type[Request[Any]], ...]:
        """The operations it offers."""
        return tuple(self.offered("operations") or ())

    @cached_property
    def events(self) -> tuple[type[Event], ...]:
        """The events it publishes."""
        return tuple(self.offered("events") or ())

    @cached_property
    def subscriptions(self) -> tuple[type[Event], ...]:
        """The events it reacts to."""
        return tuple(self.offered("subscriptions") or ())

    def extension_reactions(
        self, answers: Callable[[str], Sequence[Any]]
    ) -> Mapping[str, type[Event]]:
        """Stored name → event of the reactions that `answers` to its own hooks bring."""
        return self.offered("extension_reactions", answers=answers) or {}

    @cached_property
    def principal_events(self) -> tuple[type[Event], ...]:
        """The events after which what was verified of a principal holds no more."""
        return tuple(self.offered("principal_events") or ())

    @cached_property
    def sagas(self) -> tuple[Saga, ...]:
        """The sagas it starts, in all versions that it still runs."""
        return tuple(self.offered("sagas") or ())

    @cached_property
    def schedules(self) -> tuple[Schedule, ...]:
        """Schedules of its service."""
        return tuple(self.offered("schedules") or ())

    @cached_property
    def http_routes(self) -> tuple[Any, ...]:
        """Litestar controllers and route handlers of its service."""
        return tuple(self.offered("http_routes") or ())

    @cached_property
    def pages(self) -> tuple[Any, ...]:
        """Litestar controllers and route handlers of its pages for people."""
        return tuple(self.offered("pages") or ())

    @cached_property
    def stores(self) -> StoreNeed | None:
        """Tables of its service; None when it has none."""
        need: StoreNeed | None = self.offered("stores")
        return need

    @cached_property
    def policy_attributes(self) -> tuple[ResourceType, ...]:
        """The resource types that policies may speak of."""
        return tuple(self.offered("policy_attributes") or ())

    @cached_property
    def cli_commands(self) -> tuple[click.Command, ...]:
        """The commands it adds."""
        return tuple(self.offered("cli_commands") or ())

    @cached_property
    def gateway_filters(self) -> tuple[GatewayFilter, ...]:
        """ASGI middleware, outermost first."""
        return tuple(self.offered("gateway_filters") or ())

    @property
    def policies(self) -> Mapping[str, str]:
        """File name → Rego source. Read anew each time: whoever writes a plugin edits them while a
        platform runs, and reloads."""
        return self.offered("policies") or {}

    def create_service(
        self, ctx: ServiceContext
    ) -> AbstractAsyncContextManager[Sequence[object]] | None:
        """The setting up and tearing down of its service."""
        created: AbstractAsyncContextManager[Sequence[object]] | None = self.call(
            "create_service", ctx=ctx
        )
        return created

    def authenticators(self, ctx: ServiceContext) -> Sequence[Authenticator]:
        """Authenticators from credentials to a principal; new ones at each call."""
        return self.call("authenticators", ctx=ctx) or ()

    def health_checks(self, ctx: ServiceContext) -> Sequence[HealthCheck]:
        """Health checks for `/readyz`."""
        return self.call("health_checks", ctx=ctx) or ()

    def dead_letters(self, ctx: ServiceContext) -> Sequence[DeadLetterSource]:
        """Dead letters that its service keeps beside events."""
        return self.call("dead_letters", ctx=ctx) or ()

    def can_reload(self, old: BaseModel, new: BaseModel) -> Sequence[str] | None:
        """The keys whose change needs a restart; None when it does not say.

        Raises:
            PluginError: when the plugin breaks while it answers.
        """
        keys: Sequence[str] | None = self.offered("can_reload", old=old, new=new)
        return keys

    def offered(self, hook: str, **arguments: Any) -> Any | None:
        """Answer of this plugin alone to `hook`, as `call`.

        Raises:
            PluginError: when the plugin breaks while it answers.
        """
        try:
            return self.call(hook, **arguments)
        except Exception as error:
            raise PluginError(
                [
                    f"The {self} is broken: its hook {hook} raised {failure_in_words(error)}."
                    f"{ADVICE_FOR_OPERATORS}"
                ]
            ) from error


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

    def extension_reactions(self, service: str) -> Mapping[str, type[Event]]:
        """Stored name → event of the reactions that other plugins bring a service by its hooks.

        Raises:
            PluginError: when one of them breaks while it answers.
        """
        return self.services[service].extension_reactions(self._answers)

    def _answers(self, hook: str) -> Sequence[Any]:
        found = (plugin.offered(hook) for plugin in self.every())
        return [answer for answer in found if answer is not None]

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
