"""The declaration of a bench: a folder with the files that an operator would write."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from colonnade_runtime.assembly.declared import Declared, load_with
from colonnade_runtime.testing.bench.companions import BenchPlugins
from colonnade_runtime.testing.bench.policies import write_policies

Keys = Mapping[str, Any]
"""Keys of a YAML file, as plain data."""


@dataclass(frozen=True)
class BenchDeclaration:
    """Declaration of a test, beside the plugins.

    `config` is service or extension → its `config` in platform.yaml; `tenants` is tenant → the
    keys of its file that are not the usual ones; `platform` further keys of platform.yaml;
    `policies` is file name → Rego, as an operator's own files, or the operator's whole folder.
    """

    config: Mapping[str, Keys] = field(default_factory=dict)
    tenants: Mapping[str, Keys] = field(default_factory=lambda: {"acme": {}})
    platform: Keys = field(default_factory=dict)
    policies: Mapping[str, str] | Path = field(default_factory=dict)


def read_files(folder: Path, chosen: BenchPlugins) -> Declared:
    """The declaration that was written to `folder`, checked as `colonnade check` checks it.

    Raises:
        DeclarationError: with everything that is wrong in it.
    """
    path = folder / "platform.yaml"
    return Declared(path, (), load_with(path, (), chosen.plugins), chosen.plugins)


def write_files(folder: Path, chosen: BenchPlugins, wanted: BenchDeclaration) -> None:
    """Write platform.yaml, the tenants, and the policies unless they are there already."""
    policies = folder / "policies"
    if isinstance(wanted.policies, Path):
        policies = wanted.policies.absolute()
    elif not policies.exists():
        write_policies(policies, chosen.policy_files, wanted.policies)
    tenants = folder / "tenants"
    tenants.mkdir(exist_ok=True)
    for name in {path.stem for path in tenants.iterdir()} - wanted.tenants.keys():
        (tenants / f"{name}.yaml").unlink()
    for name, keys in wanted.tenants.items():
        _write(tenants / f"{name}.yaml", _merged(_tenant(name), keys))
    _write(folder / "platform.yaml", _platform(chosen, wanted, policies))


def missing_reload_hooks(
    chosen: BenchPlugins, before: BenchDeclaration, now: BenchDeclaration
) -> str:
    """Advice to write `can_reload` where the plugin of a changed configuration has none; empty
    where all have."""
    plugins = {**chosen.plugins.services, **chosen.plugins.extensions}
    silent = [
        f"'{plugin.info.name}'"
        for name, plugin in plugins.items()
        if now.config.get(name) != before.config.get(name)
        and not hasattr(plugin.module, "can_reload")
    ]
    if not silent:
        return ""
    return (
        f" The plugin {' and '.join(silent)} has no hook can_reload(old, new), and without it "
        "every change of its configuration needs a restart; one that returns [] takes all up."
    )


def _platform(chosen: BenchPlugins, wanted: BenchDeclaration, policies: Path) -> Keys:
    sections: dict[str, dict[str, Any]] = {
        "services": {name: {"plugin": plugin} for name, plugin in chosen.services.items()},
        "plugins": {name: {} for name in chosen.plugins.extensions},
    }
    for name, config in wanted.config.items():
        section = "plugins" if name in sections["plugins"] else "services"
        sections[section].setdefault(name, {})["config"] = dict(config)
    usual = {
        "version": 1,
        "environment": "development",
        **{name: section for name, section in sections.items() if section},
        "bus": "memory:",
        "stores": {"default": {"sql": "sqlite:data", "blobs": "file:blobs"}},
        "policy": {"engine": "embedded:", "folder": str(policies)},
        "tenants": {"watch": False},
        "logging": {"access": False},
    }
    return _merged(usual, wanted.platform)


def _tenant(name: str) -> Keys:
    return {
        "version": 1,
        "id": name,
        "name": name.title(),
        "owner": {"email": f"owner@{name}.example"},
        "currency": "EUR",
    }


def _merged(usual: Keys, keys: Keys) -> dict[str, Any]:
    merged = dict(usual)
    for name, value in keys.items():
        before = merged.get(name)
        both = isinstance(before, Mapping) and isinstance(value, Mapping)
        merged[name] = _merged(before, value) if both else value  # type: ignore[arg-type]
    return merged


def _write(path: Path, keys: Keys) -> None:
    path.write_text(yaml.safe_dump(dict(keys)), encoding="utf-8")
