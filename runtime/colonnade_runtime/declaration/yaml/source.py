"""Reads the layers of `platform.yaml` and lays them on each other."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path as FilePath
from typing import Any, Final

from colonnade_runtime.declaration.model.platform import Platform
from colonnade_runtime.declaration.model.section import write_out
from colonnade_runtime.declaration.yaml.layers import merge, parse_setting, single
from colonnade_runtime.declaration.yaml.origins import OriginKind
from colonnade_runtime.declaration.yaml.parser import ParseError, parse, read_file
from colonnade_runtime.declaration.yaml.problems import DeclarationError, Location, Problem
from colonnade_runtime.declaration.yaml.tree import MappingNode, Path, ScalarNode, Style, matching
from colonnade_runtime.declaration.yaml.values import values_of

ENVIRONMENT_VARIABLE: Final = "COLONNADE_ENVIRONMENT"
ENVIRONMENTS: Final = ("development", "production")

_NOT_THERE: Final = (
    "there is no such file; go to the folder of a platform, name its file with --platform, or "
    "write a platform with: colonnade new site DIR"
)


@dataclass(slots=True)
class PlatformSource:
    """The layers of a platform, merged, and their plain data with short forms written out."""

    tree: MappingNode
    kinds: dict[str, OriginKind]
    files: list[FilePath]
    problems: list[Problem] = field(default_factory=list)
    data: dict[str, Any] = field(default_factory=dict)
    variables: dict[Path, tuple[str, ...]] = field(default_factory=dict)
    digest: Any = field(default_factory=hashlib.sha256)


def read_platform(
    path: FilePath, settings: Sequence[str], environ: Mapping[str, str]
) -> PlatformSource:
    """The layers of the platform file at `path`.

    Problems of the overlay and of settings are kept in `problems`, so that all others are
    found too.

    Raises:
        DeclarationError: when the file itself cannot be read or is not YAML.
    """
    shown = str(path)
    if not path.exists():
        raise DeclarationError([Problem.at(Location(shown), "", _NOT_THERE)])
    try:
        data = read_file(path, shown)
        base = parse(data, shown)
    except ParseError as error:
        raise DeclarationError([error.problem]) from None
    source = PlatformSource(base, {shown: OriginKind.FILE}, [path])
    source.digest.update(data)
    later = _later_layers(source, settings, environ)
    environment = _environment(merge(base, later), environ)
    if environment in ENVIRONMENTS:
        _lay_overlay(source, path.with_name(f"{path.stem}.{environment}{path.suffix}"))
    source.tree = merge(source.tree, later)
    _fill_in(source, environ)
    return source


def _later_layers(
    source: PlatformSource, settings: Sequence[str], environ: Mapping[str, str]
) -> MappingNode:
    """Layers of the environment and the command line: both win over every file."""
    layers = MappingNode(Location("--set"))
    if environment := environ.get(ENVIRONMENT_VARIABLE):
        place = Location(ENVIRONMENT_VARIABLE)
        source.kinds[place.source] = OriginKind.ENVIRONMENT
        # Quoted: what the variable holds is the name of an environment and nothing else.
        value = ScalarNode(environment.replace("$", "$$"), Style.QUOTED, place)
        layers = merge(layers, single(["environment"], value, place))
    for number, setting in enumerate(settings, 1):
        source.kinds[f"--set #{number}"] = OriginKind.SETTING
        try:
            layers = merge(layers, parse_setting(setting, number))
        except ParseError as error:
            source.problems.append(error.problem)
    return layers


def _environment(tree: MappingNode, environ: Mapping[str, str]) -> str | None:
    node = tree.get("environment")
    if not isinstance(node, ScalarNode):
        return None
    value = values_of(node, environ).data
    return value if isinstance(value, str) else None


def _lay_overlay(source: PlatformSource, path: FilePath) -> None:
    if not path.exists():
        return
    shown = str(path)
    source.files.append(path)
    source.kinds[shown] = OriginKind.OVERLAY
    try:
        data = read_file(path, shown)
        overlay = parse(data, shown)
    except ParseError as error:
        source.problems.append(error.problem)
        return
    source.digest.update(data)
    if entry := overlay.entries.pop("environment", None):
        message = "an overlay is chosen by the environment and cannot set it; remove the key"
        source.problems.append(Problem.at(entry.place, "environment", message))
    source.tree = merge(source.tree, overlay)


def _fill_in(source: PlatformSource, environ: Mapping[str, str]) -> None:
    values = values_of(source.tree, environ)
    source.problems.extend(values.problems)
    source.variables = values.variables
    data = values.data
    if isinstance(data.get("plugins"), list):
        data["plugins"] = _plugins_by_name(source, data["plugins"])
    source.data = write_out(data, Platform)
    source.digest.update(repr(data).encode())


def _plugins_by_name(source: PlatformSource, names: list[Any]) -> Any:
    """The mapping that a list of names is short for; the list itself when it holds more."""
    if not all(isinstance(name, str) for name in names):
        return names
    for index, name in enumerate(names):
        if name in names[:index]:
            place = matching(source.tree, ("plugins", index))[1].place
            source.problems.append(Problem.at(place, f"plugins[{index}]", "is listed twice"))
    return {name: {} for name in names}
