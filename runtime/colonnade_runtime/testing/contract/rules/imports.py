"""Rules about what a plugin's source may reach."""

import ast
import importlib
import inspect
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from colonnade.messages import Request
from colonnade.operations import Operation
from colonnade_runtime.plugins.installed import installed_plugins
from colonnade_runtime.testing.contract.examination.subject import Subject

COMMANDS = "commands"
"""The module, or package, of what a plugin adds to the command line."""


@dataclass(frozen=True, slots=True)
class Imported:
    """One name that a file takes from a module; `name` is empty for the module itself."""

    place: str
    module: str
    name: str


def imports_no_more_than_it_may(subject: Subject) -> Iterator[str]:
    """Imports are of core, its own modules and other plugins' `api`, never of the runtime."""
    others = _other_packages(subject)
    for item in _imports(subject):
        package, _, rest = item.module.partition(".")
        if package == "colonnade_runtime":
            yield f"{item.place} imports {item.module}; a plugin works with `colonnade` alone."
        elif package in others and rest.partition(".")[0] != "api" and item.name != "api":
            yield f"{item.place} imports {item.module}; of another plugin only its api is yours."


def asks_nobody_it_does_not_require(subject: Subject) -> Iterator[str]:
    """Every service whose operations it imports stands in `requires`.

    What it adds to the command line, in its module `commands`, asks as the operator from another
    process, so it may use any; the service itself must then keep away from that module.
    """
    may_ask = {subject.service, *subject.info.requires, *subject.info.implements}
    for item in _imports(subject):
        if _is_command(item.place):
            continue
        if item.module.startswith(f"{subject.package}.{COMMANDS}") and not _is_plugin(
            item, subject
        ):
            yield f"{item.place} imports {item.module}, which is for the command line alone."
        for operation in _operations_in(item):
            if operation.service not in may_ask:
                yield (
                    f"{item.place} uses {operation.name} of the service '{operation.service}'; "
                    f"add '{operation.service}' to `requires` of plugin_info."
                )


def _is_command(place: str) -> bool:
    parts = Path(place.partition(":")[0]).parts
    return len(parts) > 1 and parts[1] in (COMMANDS, f"{COMMANDS}.py")


def _is_plugin(item: Imported, subject: Subject) -> bool:
    module = subject.module.__name__.replace(".", "/")
    return item.place.partition(":")[0] == f"{module}.py"


def _other_packages(subject: Subject) -> frozenset[str]:
    own = subject.package.partition(".")[0]
    packages = {entry.module.partition(".")[0] for _, _, _, entry in installed_plugins()}
    return frozenset(packages - {own})


def _operations_in(item: Imported) -> Iterator[Operation]:
    if item.module.partition(".")[0] in ("colonnade", "colonnade_runtime"):
        return
    value = _value(item)
    if inspect.isclass(value) and issubclass(value, Request):
        operation = value.__dict__.get("__operation__")
        if isinstance(operation, Operation):
            yield operation


def _value(item: Imported) -> Any:
    try:
        return getattr(importlib.import_module(item.module), item.name, None)
    except ImportError:
        return None


def _imports(subject: Subject) -> tuple[Imported, ...]:
    folder = subject.folder
    if folder is None or subject.package == subject.module.__name__:
        return ()
    return _imports_below(folder, subject.package)


@lru_cache(maxsize=64)
def _imports_below(folder: Path, package: str) -> tuple[Imported, ...]:
    found: list[Imported] = []
    for path in sorted(folder.rglob("*.py")):
        inside = path.relative_to(folder).with_suffix("").parts
        parent = ".".join([package, *inside[:-1]])
        tree = ast.parse(path.read_text("utf-8"), str(path))
        found += _imports_of(tree, path.relative_to(folder.parent), parent)
    return tuple(found)


def _imports_of(tree: ast.Module, path: Path, parent: str) -> Iterator[Imported]:
    aliases: dict[str, str] = {}
    for node in ast.walk(tree):
        place = f"{path}:{getattr(node, 'lineno', 0)}"
        if isinstance(node, ast.Import):
            for alias in node.names:
                aliases[alias.asname or alias.name] = alias.name
                yield Imported(place, alias.name, "")
        elif isinstance(node, ast.ImportFrom):
            module = _absolute(node, parent)
            for alias in node.names:
                aliases[alias.asname or alias.name] = f"{module}.{alias.name}"
                yield Imported(place, module, alias.name)
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute):
            module = aliases.get(ast.unparse(node.value), "")
            if module.endswith(".api"):
                yield Imported(f"{path}:{node.lineno}", module, node.attr)


def _absolute(node: ast.ImportFrom, parent: str) -> str:
    if not node.level:
        return node.module or ""
    base = parent.split(".")[: len(parent.split(".")) - node.level + 1]
    return ".".join([*base, node.module] if node.module else base)


CHECKS = (imports_no_more_than_it_may, asks_nobody_it_does_not_require)
