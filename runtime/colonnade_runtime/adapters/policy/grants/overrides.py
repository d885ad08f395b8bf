"""Files of the operator that take the place of a plugin's, and those that only seem to.

Rules of one package count together, whichever files they stand in. A stricter copy under another
name would leave everything granted that the plugin's own file grants.
"""

from collections.abc import Iterator
from pathlib import Path

from colonnade.policy import PolicyBundle, PolicyModule, PolicyProblem
from colonnade_runtime.adapters.policy.rego.module_inspection import SERVICE_PACKAGE
from colonnade_runtime.adapters.policy.rego.statements import ModuleOutline, outline


def shared_packages(bundle: PolicyBundle) -> Iterator[PolicyProblem]:
    """A problem for each file of the operator that adds to the package of a plugin's files."""
    outlines = [outline(module) for module in bundle.modules]
    brought = {item.package: item.module for item in outlines if _is_of_its_service(item)}
    for item in outlines:
        module, theirs = item.module, brought.get(item.package)
        if theirs is not None and not module.plugin and not module.replaces:
            yield PolicyProblem(module.path, 1, 1, _joined(item, theirs))


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


def _is_of_its_service(item: ModuleOutline) -> bool:
    service = item.module.service
    return bool(service) and item.package == SERVICE_PACKAGE + service


def _joined(item: ModuleOutline, theirs: PolicyModule) -> str:
    return (
        f"'package {item.package}' is that of the plugin '{theirs.plugin}', whose {theirs.path} "
        f"would count beside this file; name it {theirs.path} to take the place of the plugin's "
        f"file, or begin it with a package of its own, such as 'package colonnade.services.house'."
    )


def _gone(module: PolicyModule, plugin: str) -> str:
    return (
        f"the file is gone, and the one of the plugin '{plugin}' would take its place; put it "
        "back, or restart the platform to take up what the plugin says."
    )
