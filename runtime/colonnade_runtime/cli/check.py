"""`colonnade check`: everything that `run` would refuse, at once."""

from collections.abc import Callable
from typing import TypeVar

from colonnade.errors import ConfigurationError
from colonnade_runtime.assembly.declared import Declared
from colonnade_runtime.cli.output import working
from colonnade_runtime.cli.site import Site
from colonnade_runtime.declaration import LoadedPlatform
from colonnade_runtime.plugins.plugin import Plugins

T = TypeVar("T")


def examined(site: Site) -> tuple[list[str], list[str]]:
    """Return errors and warnings of a start, a line each.

    What cannot be read hides what would be read with it: plugins say how to read the rest, and
    services are tried with what was read.
    """
    problems: list[str] = []
    plugins = _noting(problems, site.plugins)
    if plugins is None:
        return problems, []
    loaded = _noting(problems, lambda: site.load(plugins))
    policies = _noting(problems, lambda: site.check_policies(plugins))
    warnings: list[str] = []
    if policies is not None:
        warnings += _noting(problems, lambda: site.policy_warnings(plugins)) or []
        problems += _noting(problems, lambda: site.policy_test_failures(plugins)) or []
    if loaded is None:
        return problems, warnings
    found, others = _rehearsed(site, loaded, plugins)
    return list(dict.fromkeys([*problems, *found])), [*warnings, *others]


def _rehearsed(site: Site, loaded: LoadedPlatform, plugins: Plugins) -> tuple[list[str], list[str]]:
    # Here, since it brings the whole runtime with it.
    from colonnade_runtime.process.preflight.machine import machine_refusals, machine_warnings
    from colonnade_runtime.process.preflight.start import preflight

    with working("Rehearsing the start"):
        found = preflight(Declared(site.path, site.settings, loaded, plugins))
    refusals = [*found.refusals, *machine_refusals(loaded)]
    return refusals, [*found.warnings, *machine_warnings(loaded)]


def _noting(problems: list[str], step: Callable[[], T]) -> T | None:
    try:
        return step()
    except ConfigurationError as error:
        problems += error.message.splitlines()
        return None
