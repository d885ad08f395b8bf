"""A declaration as it was written: mappings, sequences and scalars, each knowing its place."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from colonnade_runtime.declaration.yaml.problems import Location

Path = tuple[str | int, ...]
"""Path from the root of a declaration to a key or item of it."""


class Style(StrEnum):
    """Style of a scalar. Only an unquoted one can be anything but text."""

    PLAIN = "plain"
    QUOTED = "quoted"
    BLOCK = "block"


@dataclass(slots=True)
class ScalarNode:
    """One scalar, before variables are filled in and before it has a type."""

    text: str
    style: Style
    place: Location
    exact: bool = False
    """True when the n-th character of `text` stands n characters after its start."""


@dataclass(slots=True)
class Entry:
    """One key of a mapping with its value."""

    place: Location
    node: "Node"


@dataclass(slots=True)
class MappingNode:
    """Keys and values, in the order they were written."""

    place: Location
    entries: dict[str, Entry] = field(default_factory=dict)

    def get(self, key: str) -> "Node | None":
        """The value of `key`, if it is there."""
        entry = self.entries.get(key)
        return entry.node if entry else None


@dataclass(slots=True)
class SequenceNode:
    """Items, in order."""

    place: Location
    items: list["Node"] = field(default_factory=list)


Node = ScalarNode | MappingNode | SequenceNode


def dotted(path: Sequence[str | int]) -> str:
    """`path` as people write it: `services.course.config`, `domains[0]`."""
    text = ""
    for step in path:
        if isinstance(step, int):
            text += f"[{step}]"
        else:
            text += f".{step}" if text else step
    return text


def child(node: "Node | None", step: str | int) -> "Node | None":
    """The value at `step` of `node`, or None when there is none."""
    if isinstance(node, MappingNode):
        return node.get(str(step))
    if isinstance(node, SequenceNode) and isinstance(step, int) and step < len(node.items):
        return node.items[step]
    return None


def find(node: "Node | None", *path: str | int) -> "Node | None":
    """The node at `path` below `node`, or None when it was not written."""
    for step in path:
        node = child(node, step)
    return node


def matching(root: "Node", location: Sequence[str | int]) -> tuple[Path, "Node", Location]:
    """Follow `location` from `root` as far as it goes: the path, the node, and its key's place.

    Steps that do not name anything that was written are passed over: a validator puts names
    of its own into a location, and a default has no place.
    """
    path: list[str | int] = []
    node, place = root, root.place
    for step in location:
        below = child(node, step)
        if below is None:
            continue
        place = node.entries[str(step)].place if isinstance(node, MappingNode) else below.place
        path.append(step)
        node = below
    return tuple(path), node, place


def leaves(node: "Node", path: Path = ()) -> Iterator[tuple[Path, Location]]:
    """Every scalar, empty mapping and empty sequence below `node`, with its path."""
    if isinstance(node, MappingNode) and node.entries:
        for key, entry in node.entries.items():
            yield from leaves(entry.node, (*path, key))
    elif isinstance(node, SequenceNode) and node.items:
        for index, item in enumerate(node.items):
            yield from leaves(item, (*path, index))
    else:
        yield path, node.place
