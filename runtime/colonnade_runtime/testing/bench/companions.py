"""The plugins of a bench: those under test, and those that they cannot be loaded without."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from types import ModuleType

from colonnade.hookspecs import hookimpl
from colonnade.services import PluginInfo
from colonnade_runtime.declaration import PlatformOutline, ServiceOutline
from colonnade_runtime.plugins.installed import installed_plugins
from colonnade_runtime.plugins.loader import discover_plugins
from colonnade_runtime.plugins.plugin import Plugins
from colonnade_runtime.testing.contract.examination.named_services import services_spoken_of


@dataclass(frozen=True)
class BenchPlugins:
    """Plugins of a bench; `hosted` are the services that really run."""

    plugins: Plugins
    hosted: tuple[str, ...]
    requires: frozenset[str]
    """Services that those under test may ask."""

    @property
    def services(self) -> dict[str, str]:
        """Service → plugin, in start order, for `services` in platform.yaml."""
        return {name: self.plugins.services[name].info.name for name in self.plugins.start_order}

    @property
    def roles(self) -> frozenset[str]:
        """Roles that the plugins give to people; none when none of them does."""
        return frozenset(role for plugin in self.plugins.every() for role in plugin.info.roles)

    @property
    def policy_files(self) -> frozenset[str]:
        """The names of the policies that plugins bring."""
        return frozenset(name for plugin in self.plugins.every() for name in plugin.policies)


@lru_cache(maxsize=64)
def bench_plugins(modules: tuple[ModuleType, ...]) -> BenchPlugins:
    """Load `modules` with whatever they require, once in a process.

    What they require and is not among them is loaded when it is installed, so that policies may
    name its actions and roles, and does not run. What is not installed has an empty plugin in
    its place.

    Raises:
        PluginError: when one of them cannot be used.
    """
    infos = [module.plugin_info() for module in modules]
    wanted = {info.service: info.name for info in infos if info.service is not None}
    hosted = frozenset(wanted)
    empty: list[ModuleType] = []
    waiting = [*_needed(infos), *sorted(services_spoken_of(_sources(modules)))]
    while waiting:
        name = waiting.pop()
        if name in wanted:
            continue
        info = _installed(name)
        if info is None:
            empty.append(_empty_plugin(name))
        wanted[name] = name if info is None else info.name
        waiting += info.requires if info is not None else ()
    plugins = _loaded(wanted, infos, (*modules, *empty))
    order = tuple(name for name in plugins.start_order if name in hosted)
    return BenchPlugins(plugins, order, frozenset(_needed(infos)))


def _loaded(
    wanted: dict[str, str], infos: Sequence[PluginInfo], modules: Sequence[ModuleType]
) -> Plugins:
    services = tuple(ServiceOutline(*pair, True) for pair in wanted.items())
    extensions = tuple(info.name for info in infos if info.service is None)
    outline = PlatformOutline(Path(), "development", services, extensions, "localhost", "", "")
    return discover_plugins(outline, extra=modules)


def _needed(infos: Sequence[PluginInfo]) -> Iterator[str]:
    for info in infos:
        yield from info.requires
        yield from info.implements


def _sources(modules: Sequence[ModuleType]) -> Iterator[str]:
    for module in modules:
        policies = getattr(module, "policies", None)
        if policies is not None:
            yield from policies().values()


def _installed(service: str) -> PluginInfo | None:
    for name, _, _, entry in installed_plugins():
        if name == service:
            info: PluginInfo = entry.load().plugin_info()
            return info if info.service == service else None
    return None


def _empty_plugin(service: str) -> ModuleType:
    module = ModuleType(f"bench_{service}")

    @hookimpl
    def plugin_info() -> PluginInfo:
        return PluginInfo(service, "0.0.0", service, description="Stands for what is not there.")

    module.__dict__["plugin_info"] = plugin_info
    return module
