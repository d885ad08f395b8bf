"""Inventory of an OPA server, compared with what was put there.

Whoever may write to the server may widen what is granted: by changing a module, by adding rules
to its package from a module of another name, or by putting data where packages are looked for.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec

from colonnade.policy import PolicyModule

Path = tuple[str, ...]


class _Term(msgspec.Struct):
    type: str
    value: Any


class _Reference(msgspec.Struct):
    path: list[_Term]


class _Head(msgspec.Struct):
    name: str = ""
    ref: list[_Term] = []


class _Rule(msgspec.Struct):
    head: _Head


class _Syntax(msgspec.Struct):
    package: _Reference
    rules: list[_Rule] = []


class _Module(msgspec.Struct):
    id: str
    raw: str
    ast: _Syntax


class _Modules(msgspec.Struct):
    result: list[_Module]


_MODULES = msgspec.json.Decoder(_Modules)


@dataclass(frozen=True, slots=True)
class Inventory:
    """Differences: modules of ours that are `missing` or `changed`, and those of others that
    say something where only ours may; by their names on the server."""

    missing: Sequence[str] = ()
    changed: Sequence[str] = ()
    foreign: Sequence[str] = ()
    packages: Mapping[Path, frozenset[str]] = field(default_factory=dict)
    """Of the modules that are ours, with the names of their rules."""

    @property
    def is_ours(self) -> bool:
        """Tell whether nothing differs."""
        return not (self.missing or self.changed or self.foreign)

    @property
    def differences(self) -> str:
        """Differences in words."""
        kinds = {"missing": self.missing, "changed": self.changed, "foreign": self.foreign}
        return "; ".join(f"{kind}: {', '.join(names)}" for kind, names in kinds.items() if names)


def compared(data: bytes, wanted: Mapping[str, PolicyModule], root: Path) -> Inventory:
    """The answer to `GET /v1/policies` against the modules that were put there.

    `wanted` goes by their names there, `root` is the package that is ours with all below it.

    Raises:
        msgspec.MsgspecError: when it is no such answer.
    """
    found = {module.id: module for module in _MODULES.decode(data).result}
    changed = [name for name in wanted if name in found and found[name].raw != wanted[name].source]
    foreign = [
        name for name, module in found.items() if name not in wanted and _reaches(module, root)
    ]
    missing = [name for name in wanted if name not in found]
    ours = [found[name] for name in wanted if name in found]
    return Inventory(missing, changed, foreign, _packages(ours))


def foreign_data(data: bytes, packages: Mapping[Path, frozenset[str]], root: Path) -> Sequence[str]:
    """Documents below `root` that are no package of ours and no rule of one: in the answer to
    `GET /v1/data/<root>`.

    Raises:
        msgspec.MsgspecError: when it is no such answer.
    """
    known = {path[len(root) :]: rules for path, rules in packages.items()}
    document = msgspec.json.decode(data, type=dict[str, Any]).get("result", {})
    return [".".join((*root, *path)) for path in _unknown(document, known, ())]


def _packages(modules: Iterable[_Module]) -> dict[Path, frozenset[str]]:
    found: dict[Path, frozenset[str]] = {}
    for module in modules:
        path = _constants(module.ast.package.path)[1:]
        rules = (_of(rule.head)[:1] for rule in module.ast.rules)
        found[path] = found.get(path, frozenset()).union(*rules)
    return found


def _unknown(document: Any, known: Mapping[Path, frozenset[str]], at: Path) -> Iterator[Path]:
    ways = {path[len(at)] for path in known if path[: len(at)] == at and len(path) > len(at)}
    for name, value in document.items() if isinstance(document, dict) else ():
        if name in ways:
            yield from _unknown(value, known, (*at, name))
        elif name not in known.get(at, ()):
            yield (*at, name)


def _reaches(module: _Module, root: Path) -> bool:
    """Tell whether a module says something at, above or below `root`."""
    package = _constants(module.ast.package.path)[1:]
    if _meet(package, root) and len(package) >= len(root):
        return True
    heads = (rule.head for rule in module.ast.rules)
    return any(_meet((*package, *_of(head)), root) for head in heads)


def _of(head: _Head) -> Path:
    return _constants(head.ref) if head.ref else (head.name,)


def _constants(terms: Sequence[_Term]) -> Path:
    """The beginning of a reference, up to where it varies."""
    found: list[str] = []
    for index, term in enumerate(terms):
        # The first is the name of the document, or of the rule.
        if not isinstance(term.value, str) or (index and term.type != "string"):
            break
        found.append(term.value)
    return tuple(found)


def _meet(one: Path, other: Path) -> bool:
    shorter = min(len(one), len(other))
    return one[:shorter] == other[:shorter]
