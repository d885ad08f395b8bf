"""Files of the operator that take the place of a plugin's, and those that only seem to.

Rules of one package count together, whichever files they stand in. A stricter copy under another
name would leave everything granted that the plugin's own file grants.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path

from colonnade.policy import PolicyBundle, PolicyModule, PolicyProblem
from colonnade_runtime.adapters.policy.rego.module_inspection import SERVICE_PACKAGE
from colonnade_runtime.adapters.policy.rego.statements import outline


def shared_packages(bundle: PolicyBundle) -> Iterator[PolicyProblem]:
    """A problem for each file of the operator that adds to the package of a service, where a file
    of a plugin, or the one that takes its place, speaks for it.

    For a service of which no plugin brings a policy, the file of its name speaks, else the first.
    """
    by_package: dict[str, list[PolicyModule]] = {}
    for item in map(outline, bundle.modules):
        by_package.setdefault(item.package, []).append(item.module)
    services = _services(bundle)
    for package, modules in by_package.items():
        speaks = [each for each in modules if each.replaces or _is_of_its_service(each, package)]
        if not speaks and package.removeprefix(SERVICE_PACKAGE) in services:
            speaks = [_named_so(package, modules)]
        for module in modules:
            if speaks and module not in speaks and not module.plugin:
                yield PolicyProblem(module.path, 1, 1, _joined(package, speaks[0]))


def lost_overrides(before: PolicyBundle, after: PolicyBundle) -> Iterator[PolicyProblem]:
    """A problem for each file of the operator that is gone, where a plugin's would come back.

    Editors and copying take a file away before they write it anew, and a running platform must
    not grant in between what the operator's file does not.
    """
    plugins = {module.path: module.plugin for module in after.modules if module.plugin}
    for module in before.modules:
        plugin = plugins.get(Path(module.path).name)
        if module.replaces and plugin is not None:
            yield PolicyProblem(module.path, 0, 0, _gone(module, plugin))


def _services(bundle: PolicyBundle) -> frozenset[str]:
    vocabulary = bundle.vocabulary
    return vocabulary.services | vocabulary.absent | frozenset(bundle.actions.values())


def _is_of_its_service(module: PolicyModule, package: str) -> bool:
    return bool(module.service) and package == SERVICE_PACKAGE + module.service


def _named_so(package: str, modules: Sequence[PolicyModule]) -> PolicyModule:
    name = f"{package.removeprefix(SERVICE_PACKAGE)}.rego"
    return next((each for each in modules if Path(each.path).name == name), modules[0])


def _joined(package: str, speaking: PolicyModule) -> str:
    own = "begin it with a package of its own, such as 'package colonnade.services.house'"
    if speaking.plugin:
        return (
            f"'package {package}' is that of the plugin '{speaking.plugin}', whose {speaking.path} "
            f"would count beside this file; name it {speaking.path} to take the place of the "
            f"plugin's file, or {own}."
        )
    return (
        f"'package {package}' is that of {speaking.path}, which would count beside this file; "
        f"move this one out of the folder, or {own}."
    )


def _gone(module: PolicyModule, plugin: str) -> str:
    return (
        f"the file is gone, and the one of the plugin '{plugin}' would take its place; put it "
        "back, or restart the platform to take up what the plugin says."
    )
