"""Policy folder of a plugin under examination: the platform's policies and those brought."""

import shutil
from collections.abc import Mapping
from pathlib import Path

from colonnade_runtime.adapters.policy.rego.files import policy_files
from colonnade_runtime.declaration.demo_site import demo_folder
from colonnade_runtime.testing.contract.examination.first_party_policies import first_party_policies
from colonnade_runtime.testing.contract.examination.subject import Subject


def brought_policies(subject: Subject) -> Mapping[str, str]:
    """File name → source, as the plugin's hook answers."""
    found: Mapping[str, str] = subject.answer("policies") or {}
    return found


def lay_out(subject: Subject, folder: Path) -> None:
    """Write the platform's policies and those of the plugin and its companions to `folder`.

    Those of a service that comes with Colonnade are left out where another plugin provides it. Of
    two files of one name the plugin's is taken: it is the one under examination.
    """
    for path in policy_files(demo_folder() / "policies"):
        shutil.copy(path, folder)
    _ = subject.plugin
    for module in first_party_policies():
        if subject.services.get(module.service, module.plugin) == module.plugin:
            (folder / module.path).write_text(module.source, encoding="utf-8")
    for plugin in (*subject.plugins.every(), subject.plugin):
        for name, source in plugin.policies.items():
            (folder / Path(name).name).write_text(source, encoding="utf-8")
