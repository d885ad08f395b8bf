"""Amendment of a YAML text: one value changed in it, all else left as it was written.

A text that is parsed and written anew loses what people put there: order, blank lines, quotes. So
the characters of the value alone are replaced, at the marks that the parser gives.
"""

import math
import re
from collections.abc import Sequence
from typing import Final

import yaml

_UNQUOTED: Final = re.compile(r"[A-Za-z]([A-Za-z0-9 /_-]*[A-Za-z0-9])?")
_INDENTATION: Final = "  "
_ON_ONE_LINE: Final = (None, "", "'", '"')


class NotAmendable(ValueError):
    """Value whose form is left to people; the message ends a sentence that starts with its key."""


def amended(text: str, path: Sequence[str], value: str | None) -> str:
    """`text`, a mapping in YAML, with `value` at `path`; None takes the value away.

    Raises:
        NotAmendable: the value stands there in a form that is left to people.
    """
    root = yaml.compose(text, Loader=yaml.SafeLoader)
    if not isinstance(root, yaml.MappingNode):
        raise NotAmendable("stands in no mapping")
    return _amended(text, root, path, value)


def _amended(text: str, mapping: yaml.MappingNode, path: Sequence[str], value: str | None) -> str:
    found = next((pair for pair in mapping.value if pair[0].value == path[0]), None)
    if found is None:
        return text if value is None else _added(text, mapping, path, _written(value))
    key, node = found
    if node.start_mark.index < key.end_mark.index:
        raise NotAmendable("is an alias of what stands elsewhere")
    if len(path) > 1 and isinstance(node, yaml.MappingNode):
        return _amended(text, node, path[1:], value)
    if not isinstance(node, yaml.ScalarNode) or node.style not in _ON_ONE_LINE:
        raise NotAmendable("is written over several lines")
    if "${" in node.value:
        raise NotAmendable("is filled from a variable")
    if len(path) == 1:
        return _replaced(text, node, _written(value))
    if not node.tag.endswith(":null"):
        raise NotAmendable("is no mapping")
    if value is None:
        return text
    below = _nested(path[1:], _written(value), mapping, key.start_mark.column, text)
    return _replaced(text, node, below)


def _replaced(text: str, node: yaml.ScalarNode, written: str) -> str:
    start, end = node.start_mark.index, node.end_mark.index
    # A key without a value ends at its colon.
    blank = " " if start == end and not written[:1].isspace() else ""
    return f"{text[:start]}{blank}{written}{text[end:]}"


def _added(text: str, mapping: yaml.MappingNode, path: Sequence[str], written: str) -> str:
    if mapping.flow_style:
        after = mapping.start_mark.index + 1
        more = ", " if mapping.value else ""
        return f"{text[:after]}{_flow(path, written)}{more}{text[after:]}"
    column = mapping.value[0][0].start_mark.column
    rest = _nested(path[1:], written, mapping, column, text) if path[1:] else f" {written}"
    line = f"{' ' * column}{path[0]}:{rest}"
    lines = text.splitlines(keepends=True)
    at = _line_after(mapping)
    if at == len(lines) and not text.endswith(("\n", "\r")):
        lines[-1] += _newline(text)
    return "".join([*lines[:at], line, _newline(text), *lines[at:]])


def _line_after(mapping: yaml.MappingNode) -> int:
    """Line on which a new key may stand: behind the last value that has one line for itself."""
    for _, node in reversed(mapping.value):
        if isinstance(node, yaml.ScalarNode) and node.start_mark.line == node.end_mark.line:
            return int(node.end_mark.line) + 1
    return int(mapping.value[0][0].start_mark.line)


def _nested(
    path: Sequence[str], written: str, mapping: yaml.MappingNode, column: int, text: str
) -> str:
    """A mapping that is the value of a key at `column`, behind its colon."""
    if mapping.flow_style:
        return f" {{{_flow(path, written)}}}"
    indentation = " " * column + _INDENTATION
    return f"{_newline(text)}{indentation}{_flow(path, written)}"


def _flow(path: Sequence[str], written: str) -> str:
    name, *below = path
    return f"{name}: {{{_flow(below, written)}}}" if below else f"{name}: {written}"


def _newline(text: str) -> str:
    return "\r\n" if "\r\n" in text else "\n"


def _written(value: str | None) -> str:
    """A text as a declaration takes it: `$` starts no variable, and no type is guessed."""
    if value is None:
        return "null"
    if _UNQUOTED.fullmatch(value) and yaml.safe_load(value) == value:
        return value
    escaped = value.replace("$", "$$")
    dumped: str = yaml.dump(escaped, default_style='"', allow_unicode=True, width=math.inf)
    return dumped.rstrip("\n")
