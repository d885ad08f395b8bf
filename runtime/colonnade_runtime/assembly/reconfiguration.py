"""Reconfiguration of a running process: changes taken up at once, and those that need a restart."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from pydantic import BaseModel

from colonnade_runtime.declaration import LoadedPlatform, Platform
from colonnade_runtime.declaration.model.address import Address
from colonnade_runtime.declaration.model.section import Section
from colonnade_runtime.plugins.plugin import Plugin, Plugins

Configs = dict[tuple[str, str], BaseModel]
"""(`services` or `plugins`, name) → the configuration in force."""

TAKEN_UP = frozenset(
    {
        "gateway.cors.origins",
        "logging.access",
        "logging.client_address",
        "logging.format",
        "logging.level",
        "policy.folder",
        "policy.memory",
        "tenants.editable",
        "tenants.folder",
    }
)
"""Keys of platform.yaml that a running process takes up. `services` and `plugins` are compared
member by member; a change of any other key is named, so a new key is named until it is here."""

BY_MEMBER = frozenset({"services", "plugins"})


@dataclass(slots=True)
class Reconfiguration:
    """`configs` can be taken up; the keys in `restart` cannot, and stay as they were."""

    configs: Configs = field(default_factory=dict)
    restart: list[str] = field(default_factory=list)


def configs_of(loaded: LoadedPlatform) -> Configs:
    """Every configuration of a declaration."""
    services = {("services", name): config for name, config in loaded.configs.items()}
    extensions = {("plugins", name): config for name, config in loaded.extension_configs.items()}
    return {**services, **extensions}


def reconfiguration(
    started: Platform, running: Configs, plugins: Plugins, loaded: LoadedPlatform
) -> Reconfiguration:
    """Compare what runs with what is declared now; `started` is the platform at the start.

    Raises:
        ConfigurationError: when a plugin breaks while it is asked whether it can reload.
    """
    found = Reconfiguration(restart=list(restart_keys(started, loaded.platform)))
    declared = configs_of(loaded)
    for key, old in running.items():
        new = declared.get(key)
        if new is None or new == old:
            continue
        group: Mapping[str, Plugin] = getattr(
            plugins, "services" if key[0] == "services" else "extensions"
        )
        if keys := _keys_to_restart(group[key[1]], old, new):
            found.restart += [f"{key[0]}.{key[1]}.config.{name}" for name in keys]
        else:
            found.configs[key] = new
    return found


def _keys_to_restart(plugin: Plugin, old: BaseModel, new: BaseModel) -> list[str]:
    answer = plugin.can_reload(old, new)
    if answer is not None:
        return list(answer)
    fields = type(old).model_fields
    return [name for name in fields if getattr(old, name) != getattr(new, name)]


def restart_keys(before: Platform, after: Platform) -> Iterator[str]:
    for key in changed_keys(before, after):
        if key not in TAKEN_UP:
            yield key
    for section in sorted(BY_MEMBER):
        yield from changed_members(section, getattr(before, section), getattr(after, section))


def changed_keys(before: Section, after: Section, prefix: str = "") -> Iterator[str]:
    """The dotted keys that differ, without the members of `services` and `plugins`.

    An address, and a mapping whose names the operator chooses, count as one key.
    """
    for name in type(before).model_fields:
        old, new, key = getattr(before, name), getattr(after, name), f"{prefix}{name}"
        if old == new or key in BY_MEMBER:
            continue
        if isinstance(old, Section) and type(old) is type(new) and not isinstance(old, Address):
            yield from changed_keys(old, new, f"{key}.")
        else:
            yield key


def changed_members(
    section: str, before: Mapping[str, BaseModel], after: Mapping[str, BaseModel]
) -> Iterator[str]:
    """The members of a section that came, went or are declared otherwise; configs apart."""
    for name in sorted(before.keys() | after.keys()):
        old, new = before.get(name), after.get(name)
        if old is None or new is None or _without_config(old) != _without_config(new):
            yield f"{section}.{name}"


def _without_config(section: BaseModel) -> BaseModel:
    return section.model_copy(update={"config": {}})
