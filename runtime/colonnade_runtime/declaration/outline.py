"""Outline of a platform before its plugins are known: the plugins that it wants."""

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path as FilePath
from typing import Any

from colonnade_runtime.declaration.model.platform import Platform, ServiceSection
from colonnade_runtime.declaration.yaml.source import PlatformSource, read_platform
from colonnade_runtime.declaration.yaml.tree import Path, dotted, matching


@dataclass(frozen=True, slots=True)
class ServiceOutline:
    """A service that the platform names, and the plugin that is to provide it."""

    name: str
    plugin: str
    enabled: bool


@dataclass(frozen=True, slots=True)
class PlatformOutline:
    """The parts of a declaration that decide how the rest is read.

    What is malformed is left out here; `load_platform` reports it.
    """

    root: FilePath
    environment: str
    services: tuple[ServiceOutline, ...]
    extensions: tuple[str, ...]
    domain: str
    tenants_folder: str
    policies_folder: str
    in_one_process: bool = True
    places: Mapping[str, str] = field(default_factory=dict)
    """`services.<name>` and `plugins.<name>` → file, line and column of the key."""
    misplaced: Mapping[str, str] = field(default_factory=dict)
    """A key that fits nothing where it is, as one indented too far → its place and dotted key."""

    @property
    def enabled_services(self) -> tuple[str, ...]:
        """The names of the services that are to run."""
        return tuple(service.name for service in self.services if service.enabled)


def load_platform_outline(
    path: FilePath,
    *,
    settings: Sequence[str] = (),
    environ: Mapping[str, str] = os.environ,
) -> PlatformOutline:
    """The outline of the platform file at `path`, its overlay and `settings`.

    Raises:
        DeclarationError: when the file cannot be read or is not YAML.
    """
    return outline_of(read_platform(path, settings, environ), path)


def outline_of(source: PlatformSource, path: FilePath) -> PlatformOutline:
    """The outline of a platform that was read from `path`."""
    data = source.data
    return PlatformOutline(
        root=path.parent,
        environment=_text(data.get("environment"), "development"),
        services=tuple(
            ServiceOutline(
                name, _text(section.get("plugin"), name), section.get("enabled") is not False
            )
            for name, section in _mapping(data.get("services")).items()
            if isinstance(section, dict)
        ),
        extensions=tuple(_mapping(data.get("plugins"))),
        domain=_text(_mapping(data.get("gateway")).get("domain"), "localhost"),
        tenants_folder=_text(_mapping(data.get("tenants")).get("folder"), "tenants"),
        policies_folder=_text(_mapping(data.get("policy")).get("folder"), "policies"),
        in_one_process=not data.get("processes"),
        places={
            f"{section}.{name}": _place(source, (section, name))
            for section in ("services", "plugins")
            for name in _mapping(data.get(section))
        },
        misplaced=dict(_misplaced(source)),
    )


def _misplaced(source: PlatformSource) -> Iterator[tuple[str, str]]:
    for name in source.data:
        if name not in Platform.model_fields:
            yield name, f"{_place(source, (name,))}: {name}"
    for service, section in _mapping(source.data.get("services")).items():
        for name in _mapping(section):
            if name not in ServiceSection.model_fields:
                path = ("services", service, name)
                yield name, f"{_place(source, path)}: {dotted(path)}"


def _place(source: PlatformSource, path: Path) -> str:
    return str(matching(source.tree, path)[2])


def _mapping(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _text(value: Any, default: str) -> str:
    return value if isinstance(value, str) else default
