"""Plain values of a tree: variables filled in, unquoted scalars given their type."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from colonnade_runtime.declaration.yaml.problems import Location, Problem
from colonnade_runtime.declaration.yaml.scalars import Scalar, ScalarError, resolve_plain
from colonnade_runtime.declaration.yaml.tree import (
    MappingNode,
    Node,
    Path,
    ScalarNode,
    Style,
    dotted,
)
from colonnade_runtime.declaration.yaml.variables import VariableError, fill_in


@dataclass(slots=True)
class Values:
    """Plain data out of a tree, the variables it took by path, and what was wrong on the way."""

    data: Any = None
    variables: dict[Path, tuple[str, ...]] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)


def values_of(node: Node, environ: Mapping[str, str], path: Path = ()) -> Values:
    """Convert all below `node` to dictionaries, lists and scalars.

    A value that cannot be had is None, and `problems` says why.
    """
    values = Values()
    values.data = _plain(node, path, environ, values)
    return values


def _plain(node: Node, path: Path, environ: Mapping[str, str], values: Values) -> Any:
    if isinstance(node, ScalarNode):
        return _scalar(node, path, environ, values)
    if isinstance(node, MappingNode):
        return {
            key: _plain(entry.node, (*path, key), environ, values)
            for key, entry in node.entries.items()
        }
    return [_plain(item, (*path, index), environ, values) for index, item in enumerate(node.items)]


def _scalar(node: ScalarNode, path: Path, environ: Mapping[str, str], values: Values) -> Scalar:
    text = node.text
    try:
        if "$" in text:
            filled = fill_in(text, environ)
            text = filled.text
            if filled.names:
                values.variables[path] = tuple(filled.names)
        return resolve_plain(text) if node.style is Style.PLAIN else text
    except VariableError as error:
        place = _inside(node, error.offset)
        values.problems.append(Problem.at(place, dotted(path), str(error)))
    except ScalarError as error:
        values.problems.append(Problem.at(node.place, dotted(path), str(error)))
    return None


def _inside(node: ScalarNode, offset: int) -> Location:
    if not node.exact or not node.place.line:
        return node.place
    opening = 0 if node.style is Style.PLAIN else 1
    return node.place._replace(column=node.place.column + opening + offset)
