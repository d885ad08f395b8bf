"""The plugin under examination, and what it says of itself."""

import inspect
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from types import ModuleType
from typing import Any, get_args

from colonnade import hookspecs
from colonnade.events import Event
from colonnade.messages import Message, Request
from colonnade.services import PluginInfo
from colonnade_runtime.declaration import PlatformOutline, ServiceOutline
from colonnade_runtime.observability.failures import failure_in_words
from colonnade_runtime.plugins.installed import installed_plugins
from colonnade_runtime.plugins.loader import discover_plugins
from colonnade_runtime.plugins.plugin import (
    ADVICE_FOR_OPERATORS,
    Plugin,
    PluginError,
    Plugins,
)
from colonnade_runtime.testing.contract.examination.broken_imports import (
    BrokenImport,
    broken_import,
)
from colonnade_runtime.testing.contract.examination.named_services import services_spoken_of


class NotTried(Exception):
    """A rule cannot be held against the plugin because of something that another rule reports."""


@dataclass(eq=False)
class Subject:
    """A plugin, and what an author may add for its examination.

    `companions` are plugins that it requires and that are not installed; `config` and
    `tenant_config` are what it needs to start. `snapshot` is the file with the recorded contract;
    `update` says to write it. `policies` is the policy folder of an operator, who may have
    confirmed what the plugin's policies grant of other services' actions.
    """

    module: ModuleType
    companions: Sequence[ModuleType] = ()
    config: Mapping[str, Any] = field(default_factory=dict)
    tenant_config: Mapping[str, Any] = field(default_factory=dict)
    snapshot: Path | None = None
    update: bool = False
    policies: Path | None = None

    @cached_property
    def info(self) -> PluginInfo:
        """Answer of the plugin's own `plugin_info`.

        Raises:
            NotTried: when it does not.
        """
        try:
            answer = self.module.plugin_info()
        except Exception as error:
            raise NotTried(f"plugin_info does not answer: {error!r}") from error
        if not isinstance(answer, PluginInfo):
            raise NotTried(f"plugin_info answers {answer!r} instead of a PluginInfo")
        return answer

    @property
    def package(self) -> str:
        """The import name that everything of the plugin lies under."""
        return self.module.__name__.rpartition(".")[0] or self.module.__name__

    @property
    def folder(self) -> Path | None:
        """Folder of its source; None for a module that was made in memory."""
        file = getattr(self.module, "__file__", None)
        return None if file is None else Path(file).resolve().parent

    @property
    def service(self) -> str | None:
        """The service it provides; None for an extension."""
        return self.info.service

    @cached_property
    def services(self) -> dict[str, str]:
        """Service → plugin of everything that it needs to run, itself included.

        Its policies may name actions of a service only where there is such a service.
        """
        wanted = {self.service: self.info.name} if self.service else {}
        spoken_of = services_spoken_of(self._policy_sources())
        waiting = [*self.info.requires, *self.info.implements, *sorted(spoken_of)]
        while waiting:
            name = waiting.pop()
            if name not in wanted:
                provider = self._provider(name)
                wanted[name] = provider.name if provider else name
                waiting += provider.requires if provider else ()
        return wanted

    @cached_property
    def plugins(self) -> Plugins:
        """The plugin with everything that it requires, loaded as a platform loads them.

        Raises:
            PluginError: when it, or something that it requires, is broken or missing.
        """
        services = tuple(ServiceOutline(*pair, True) for pair in self.services.items())
        extensions = () if self.service else (self.info.name,)
        outline = PlatformOutline(Path(), "development", services, extensions, "localhost", "", "")
        return discover_plugins(outline, extra=(self.module, *self.companions))

    @cached_property
    def plugin(self) -> Plugin:
        """The plugin as loaded.

        Raises:
            NotTried: when it cannot be loaded.
        """
        try:
            found = self.plugins
        except PluginError as error:
            reason = error.problems[0].replace(ADVICE_FOR_OPERATORS, "")
            raise NotTried(f"the plugin cannot be loaded: {reason}") from error
        return found.services[self.service] if self.service else found.extensions[self.info.name]

    @property
    def hooks_without_arguments(self) -> tuple[str, ...]:
        """Names of the hooks it implements that are asked without arguments."""
        return tuple(
            name
            for name, implementation in inspect.getmembers(self.module, inspect.isfunction)
            if hasattr(implementation, f"{hookspecs.PROJECT}_impl")
            and (specification := getattr(hookspecs, name, None)) is not None
            and not inspect.signature(specification).parameters
        )

    @cached_property
    def broken_import(self) -> BrokenImport | None:
        """The first module of it that its hooks cannot import; most rules break on such a one."""
        try:
            plugin = self.plugin
        except NotTried:
            # It cannot be loaded, which other rules report.
            return None
        for name in self.hooks_without_arguments:
            try:
                plugin.call(name)
            except Exception as error:
                found = broken_import(error, self.folder)
                if found is not None:
                    return found
        return None

    def answer(self, hook: str) -> Any:
        """Answer of the plugin to a hook without arguments; None without that hook.

        Raises:
            NotTried: when the plugin cannot be loaded, or the hook breaks.
        """
        plugin = self.plugin
        try:
            return plugin.call(hook)
        except Exception as error:
            raise NotTried(f"its hook {hook} raises {failure_in_words(error)}") from error

    @cached_property
    def operations(self) -> tuple[type[Request[Any]], ...]:
        """The requests it offers."""
        return tuple(self.answer("operations") or ())

    @cached_property
    def events(self) -> tuple[type[Event], ...]:
        """The events it publishes."""
        return tuple(self.answer("events") or ())

    @cached_property
    def travelling(self) -> tuple[type[Message], ...]:
        """Messages that go over the bus by themselves: requests, answers and events."""
        answers = [request.__response_type__ for request in self.operations]
        return tuple(dict.fromkeys([*self.operations, *answers, *self.events]))

    @cached_property
    def messages(self) -> tuple[type[Message], ...]:
        """Messages that travel, and every message inside them."""
        found: dict[type[Message], None] = {}
        waiting: list[Any] = list(self.travelling)
        while waiting:
            item = waiting.pop(0)
            if inspect.isclass(item) and issubclass(item, Message):
                if item not in found:
                    found[item] = None
                    waiting += [each.annotation for each in item.model_fields.values()]
            else:
                waiting += get_args(item)
        return tuple(found)

    def _policy_sources(self) -> list[str]:
        """The policies it brings; whatever else it answers is reported where it is asked."""
        try:
            brought = self.module.policies()
        except Exception:
            return []
        sources = brought.values() if isinstance(brought, Mapping) else ()
        return [text for text in sources if isinstance(text, str)]

    def _provider(self, service: str) -> PluginInfo | None:
        for companion in self.companions:
            info = _info_of(companion)
            if info is not None and info.service == service:
                return info
        entries = [entry for name, _, _, entry in installed_plugins() if name == service]
        return _info_of(entries[0].load()) if entries else None


def _info_of(module: Any) -> PluginInfo | None:
    answer = module.plugin_info()
    return answer if isinstance(answer, PluginInfo) else None
