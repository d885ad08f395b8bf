"""Layers of a declaration: the file, its overlay, the environment, `--set`. Later wins."""

from collections.abc import Sequence

from colonnade_runtime.declaration.yaml.parser import ParseError, parse_value
from colonnade_runtime.declaration.yaml.problems import Location, Problem
from colonnade_runtime.declaration.yaml.tree import Entry, MappingNode, Node, ScalarNode, Style


def merge(base: MappingNode, over: MappingNode) -> MappingNode:
    """`base` with `over` laid on it: mappings merge key by key, everything else is replaced.

    Neither argument changes: an alias may have given one node to several keys.
    """
    entries = dict(base.entries)
    for key, entry in over.entries.items():
        below = entries.get(key)
        if below is None:
            entries[key] = entry
        elif isinstance(below.node, MappingNode) and isinstance(entry.node, MappingNode):
            entries[key] = Entry(below.place, merge(below.node, entry.node))
        else:
            entries[key] = entry
    return MappingNode(base.place, entries)


def single(keys: Sequence[str], value: Node, place: Location) -> MappingNode:
    """A tree that holds `value` at `keys`, and nothing else."""
    node: Node = value
    for key in reversed(keys):
        node = MappingNode(place, {key: Entry(place, node)})
    assert isinstance(node, MappingNode), "a layer has at least one key"
    return node


def parse_setting(setting: str, number: int) -> MappingNode:
    """The layer of one `--set a.b=c`; `number` counts the settings from 1.

    The value is read as YAML: `--set gateway.port=8080` is a number, `--set x='"8080"'` text.

    Raises:
        ParseError: naming the setting by its number.
    """
    place = Location(f"--set #{number}")
    path, equals, text = setting.partition("=")
    keys = [key.strip() for key in path.split(".")]
    if not equals:
        raise ParseError(Problem.at(place, "", "needs the form key.key=value"))
    if not all(keys):
        raise ParseError(Problem.at(place, "", f"'{path}' is not a path of keys such as a.b"))
    value = parse_value(text, place.source, has_lines=False)
    return single(keys, value or ScalarNode("", Style.PLAIN, place), place)
