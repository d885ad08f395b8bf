"""Loads the plugins that a platform wants among those installed, and no other.

Installed does not mean loaded: only what provides an enabled service, or is listed under
`plugins:`, is imported at all.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from graphlib import CycleError, TopologicalSorter
from types import ModuleType
from typing import Any

import pluggy
from pydantic import BaseModel

from colonnade import hookspecs
from colonnade.services import PluginInfo
from colonnade_runtime.adapters import builtin
from colonnade_runtime.declaration import PlatformOutline
from colonnade_runtime.declaration.yaml.problems import closest
from colonnade_runtime.plugins.installed import Candidate, installed_plugins
from colonnade_runtime.plugins.plugin import (
    ADVICE_FOR_OPERATORS,
    Plugin,
    PluginError,
    Plugins,
    call,
    requirements,
)
from colonnade_runtime.plugins.route_paths import page_problems

_KEY = re.compile(r"(services|plugins)\.[A-Za-z0-9_-]+")

SCHEME_HOOKS = (
    "bus_adapters",
    "store_adapters",
    "policy_adapters",
    "discovery_adapters",
    "secret_resolvers",
)
"""Hooks that answer with a mapping from schemes."""


def discover_plugins(outline: PlatformOutline, *, extra: Sequence[ModuleType] = ()) -> Plugins:
    """The plugins that `outline` wants, loaded, checked and in order.

    `extra` are modules that count as installed, named as their `plugin_info` says. One
    process may do this for several platforms: nothing is shared between calls.

    Raises:
        PluginError: with everything that is wrong, each naming the distribution and its version.
    """
    return _Loading(outline).run(extra)


class _Loading:
    """One discovery: collects plugins and problems."""

    def __init__(self, outline: PlatformOutline) -> None:
        self._wanted = {
            service.name: service.plugin for service in outline.services if service.enabled
        }
        self._extensions = outline.extensions
        self._outline = outline
        self._absent: list[str] = []
        self._problems: list[str] = []
        self._manager = pluggy.PluginManager(hookspecs.PROJECT)
        self._manager.add_hookspecs(hookspecs)

    def run(self, extra: Sequence[ModuleType]) -> Plugins:
        candidates = self._candidates(extra)
        names = dict.fromkeys([*self._wanted.values(), *self._extensions])
        chosen = {name: self._choose(name, candidates) for name in names}
        modules = {name: self._import(found) for name, found in chosen.items() if found is not None}
        loaded = {name: found for name, found in modules.items() if found is not None}
        self._specify(chosen, loaded)
        plugins = {name: self._plugin(chosen[name], module) for name, module in loaded.items()}
        self._check_schemes(plugins)
        services = self._services(plugins)
        extensions = self._placed_extensions(plugins, services)
        order = self._order(services, extensions)
        self._problems += page_problems(services)
        if self._problems:
            raise PluginError(map(self._placed, self._problems))
        installed = frozenset(candidate.name for candidate in candidates)
        return Plugins(services, extensions, order, self._builtin(), installed)

    def _builtin(self) -> Plugin:
        self._register(builtin)
        info = builtin.plugin_info()
        return Plugin(info.name, info, builtin, "colonnade", info.version, manager=self._manager)

    def _candidates(self, extra: Sequence[ModuleType]) -> list[Candidate]:
        installed = installed_plugins()
        handed = {module.__name__ for module in extra}
        found = [
            Candidate(name, distribution, version, entry_point=entry)
            for name, distribution, version, entry in installed
            if entry.value not in handed
        ]
        for module in extra:
            info = self._guard(f"module '{module.__name__}'", lambda m=module: m.plugin_info())
            if isinstance(info, PluginInfo):
                found.append(Candidate(info.name, module.__name__, info.version, module=module))
        return found

    def _choose(self, name: str, candidates: Sequence[Candidate]) -> Candidate | None:
        found = [candidate for candidate in candidates if candidate.name == name]
        if len(found) == 1:
            return found[0]
        services = [service for service, plugin in self._wanted.items() if plugin == name]
        place = f"services.{services[0]}" if services else f"plugins.{name}"
        if not found:
            self._absent += [name, *services]
            near = closest(name, [candidate.name for candidate in candidates])
            hint = f" Did you mean '{near}'?" if near else ""
            self._problems.append(
                f"{place} needs the plugin '{name}', and no such plugin is installed: install the"
                f" distribution that brings it, or remove {place}.{hint}"
            )
            return None
        rivals = " and ".join(f"{rival.distribution} {rival.version}" for rival in found)
        self._problems.append(
            f"{place} has {len(found)} providers called '{name}': {rivals}. Uninstall all but one."
        )
        return None

    def _import(self, candidate: Candidate) -> ModuleType | None:
        loaded: ModuleType | None = self._guard(str(candidate), candidate.load)
        return loaded

    def _specify(
        self, chosen: Mapping[str, Candidate | None], modules: Mapping[str, ModuleType]
    ) -> None:
        """Hooks that plugins own are known before any plugin's implementations are checked."""
        for name, module in modules.items():
            offer = getattr(module, "add_hookspecs", None)
            if offer is None:
                continue
            self._guard(str(chosen[name]), lambda offer=offer: self._add_specifications(offer()))

    def _add_specifications(self, owners: Sequence[Any]) -> None:
        for owner in owners:
            self._manager.add_hookspecs(owner)

    def _plugin(self, candidate: Candidate | None, module: ModuleType) -> Plugin | None:
        if candidate is None:
            return None
        subject = str(candidate)
        if self._guard(subject, lambda: self._register(module)) is None:
            return None
        info = self._guard(subject, lambda: self._answer(module, "plugin_info"))
        if not isinstance(info, PluginInfo):
            self._complain(subject, "its hook plugin_info does not say who it is")
            return None
        # The hooks of a service that is missing are not specified; that it is missing is said.
        if not self._absent and self._wanted.keys() >= {*info.implements, *info.requires}:
            self._check_hooks(subject, module)
        return Plugin(
            name=candidate.name,
            info=info,
            module=module,
            distribution=candidate.distribution,
            version=candidate.version,
            config_model=self._model(subject, module, "config_model"),
            tenant_config_model=self._model(subject, module, "tenant_config_model"),
            manager=self._manager,
        )

    def _register(self, module: ModuleType) -> bool:
        if not self._manager.is_registered(module):
            self._manager.register(module, name=module.__name__)
        return True

    def _answer(self, module: ModuleType, hook: str) -> Any:
        return call(self._manager, module, hook, {})

    def _check_hooks(self, subject: str, module: ModuleType) -> None:
        for caller in self._manager.get_hookcallers(module) or ():
            implementations = [found for found in caller.get_hookimpls() if found.plugin is module]
            if caller.has_spec() or all(found.optionalhook for found in implementations):
                continue
            near = closest(caller.name, _specified(self._manager))
            hint = f" (did you mean '{near}'?)" if near else ""
            self._complain(
                subject,
                f"it implements '{caller.name}', a hook that nothing enabled specifies{hint}",
            )

    def _check_schemes(self, plugins: Mapping[str, Plugin | None]) -> None:
        """A scheme that two plugins register would work by luck; ours is there to be replaced."""
        for hook in SCHEME_HOOKS:
            owners: dict[str, Plugin] = {}
            for plugin in filter(None, plugins.values()):
                brought = self._guard(str(plugin), lambda p=plugin, h=hook: p.call(h) or {})
                for scheme in brought or {}:
                    other = owners.setdefault(scheme, plugin)
                    if other is not plugin:
                        self._problems.append(
                            f"The {other} and the {plugin} both register '{scheme}:' with"
                            f" {hook}: remove one of them from the platform."
                        )

    def _model(self, subject: str, module: ModuleType, hook: str) -> type[BaseModel] | None:
        model = self._guard(subject, lambda: self._answer(module, hook))
        if model is None:
            return None
        if isinstance(model, type) and issubclass(model, BaseModel):
            return model
        self._complain(subject, f"its hook {hook} does not return a pydantic model")
        return None

    def _services(self, plugins: Mapping[str, Plugin | None]) -> dict[str, Plugin]:
        services: dict[str, Plugin] = {}
        for name, plugin_name in self._wanted.items():
            plugin = plugins.get(plugin_name)
            if plugin is None:
                continue
            if plugin.info.service != name:
                provided = f"service '{plugin.info.service}'" if plugin.info.service else "none"
                self._problems.append(
                    f"services.{name} names the {plugin}, which provides {provided}: name the"
                    f" plugin of '{name}' in services.{name}.plugin."
                )
                continue
            services[name] = plugin
        return services

    def _placed_extensions(
        self, plugins: Mapping[str, Plugin | None], services: Mapping[str, Plugin]
    ) -> dict[str, Plugin]:
        extensions: dict[str, Plugin] = {}
        for name in self._extensions:
            plugin = plugins.get(name)
            if plugin is None:
                continue
            if plugin.info.service is not None:
                self._problems.append(
                    f"plugins.{name} is the {plugin}, which provides a service: move it to"
                    f" services.{plugin.info.service}."
                )
                continue
            extensions[name] = plugin
            self._missing(f"plugins.{name}", plugin, plugin.info.implements, "extends")
        return extensions

    def _order(
        self, services: Mapping[str, Plugin], extensions: Mapping[str, Plugin]
    ) -> tuple[str, ...]:
        for name, plugin in services.items():
            self._missing(f"services.{name}", plugin, plugin.info.requires, "requires")
        for name, plugin in extensions.items():
            self._missing(f"plugins.{name}", plugin, plugin.info.requires, "requires")
        graph = {
            name: [other for other in asked if other in services]
            for name, asked in requirements(services, extensions).items()
        }
        sorter = TopologicalSorter(graph)
        try:
            sorter.prepare()
        except CycleError as error:
            path = " → ".join(reversed(error.args[1]))
            self._problems.append(
                f"The services require each other in a circle: {path}. Let one of them react to an"
                " event of the other, and take it out of the `requires` of its plugin_info."
            )
            return ()
        order: list[str] = []
        declared = list(services)
        while sorter.is_active():
            ready = sorted(sorter.get_ready(), key=declared.index)
            order += ready
            sorter.done(*ready)
        return tuple(order)

    def _missing(self, place: str, plugin: Plugin, names: Iterable[str], verb: str) -> None:
        for name in names:
            if name in self._wanted:
                continue
            if name in self._outline.misplaced:
                self._problems.append(
                    f"{self._outline.misplaced[name]}: unknown key; the service '{name}' goes under"
                    " services, indented as the others there."
                )
            # One that is not installed under a name like it is what was meant.
            elif closest(name, self._absent) is None:
                self._problems.append(
                    f"{place}: the {plugin} {verb} the service '{name}', which this platform does"
                    f" not enable: add {name} under services, or remove {place}."
                )

    def _placed(self, problem: str) -> str:
        """The problem with the place of the key that it begins with."""
        named = _KEY.match(problem)
        place = self._outline.places.get(named.group()) if named else None
        return f"{place}: {problem}" if place else problem

    def _guard(self, subject: str, action: Any) -> Any:
        """Run `action`; a plugin that breaks is a problem to report, not a crash."""
        try:
            return action()
        except (Exception, SystemExit) as error:
            # One that calls sys.exit would end the platform without a word.
            self._complain(subject, _reason(error))
            return None

    def _complain(self, subject: str, reason: str) -> None:
        self._problems.append(f"The {subject} is broken: {reason}.{ADVICE_FOR_OPERATORS}")


def _specified(manager: pluggy.PluginManager) -> list[str]:
    return [
        name
        for name, caller in vars(manager.hook).items()
        if isinstance(caller, pluggy.HookCaller) and caller.has_spec()
    ]


def _reason(error: BaseException) -> str:
    text = str(error).strip().replace("\n", " ").rstrip(".")
    return f"{type(error).__name__}: {text}" if text else type(error).__name__
