"""A plugin's policy and its tests, copied to where an operator's take their place."""

import os
from pathlib import Path

from colonnade.errors import ConfigurationError
from colonnade_runtime.adapters.policy.rego.files import SUFFIX, TEST_SUFFIX
from colonnade_runtime.declaration.yaml.problems import closest
from colonnade_runtime.plugins.plugin import Plugin, Plugins


def copied_policy(name: str, plugins: Plugins, folder: Path) -> list[Path]:
    """The files written to `folder`: a plugin's policy and, where there are some, its tests.

    `name` is that of the file, with its suffix or without.

    Raises:
        ConfigurationError: when no plugin brings such a file, several do, or one is there already.
        OSError: when it cannot be written.
    """
    file = name.removesuffix(SUFFIX) + SUFFIX
    plugin, source = _brought(file, plugins)
    contents = {file: source.encode()}
    tests = file.removesuffix(SUFFIX) + TEST_SUFFIX
    beside = _folder_of(plugin) / tests
    if beside.is_file():
        contents[tests] = beside.read_bytes()
    written = [folder / each for each in contents]
    # A link to nowhere is there, too: writing through it would make a file elsewhere.
    there = [str(path) for path in written if os.path.lexists(path)]
    if there:
        raise ConfigurationError(
            f"{there[0]} is there already; remove it first, or name another folder with --into."
        )
    folder.mkdir(parents=True, exist_ok=True)
    # The tests first: a running platform takes the policy up as soon as it is there.
    for path, content in reversed(list(zip(written, contents.values(), strict=True))):
        with path.open("xb") as opened:
            opened.write(content)
    return written


def _brought(file: str, plugins: Plugins) -> tuple[Plugin, str]:
    found: dict[str, list[tuple[Plugin, str]]] = {}
    for plugin in plugins.every():
        for name, source in plugin.policies.items():
            found.setdefault(name, []).append((plugin, source))
    if file not in found:
        near = closest(file, list(found))
        hint = f" (did you mean '{near}'?)" if near else ""
        there = ", ".join(sorted(found)) or "none"
        raise ConfigurationError(
            f"No enabled plugin brings a policy '{file}'{hint}; those that there are: {there}."
        )
    if len(found[file]) > 1:
        names = " and ".join(f"'{plugin.info.name}'" for plugin, _ in found[file])
        raise ConfigurationError(
            f"The plugins {names} bring a policy '{file}' each; copy the one that is meant by hand."
        )
    return found[file][0]


def _folder_of(plugin: Plugin) -> Path:
    return Path(plugin.module.__file__ or "").parent / "policies"
