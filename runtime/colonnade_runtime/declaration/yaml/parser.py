"""Parser of YAML files: bytes to a tree, or to a problem at its line and column.

Reads libyaml's events instead of building objects: that keeps every position, and nothing
larger than the limits below is ever built, however many aliases a file folds up.
"""

import re
from functools import cached_property
from pathlib import Path as FilePath
from typing import Final

import yaml

from colonnade_runtime.declaration.yaml.mistakes import mistake_in_scalar, mistake_of
from colonnade_runtime.declaration.yaml.problems import Location, Problem
from colonnade_runtime.declaration.yaml.tree import (
    Entry,
    MappingNode,
    Node,
    ScalarNode,
    SequenceNode,
    Style,
)

MAXIMUM_BYTES: Final = 1_048_576
MAXIMUM_DEPTH: Final = 32
MAXIMUM_NODES: Final = 100_000
"""Counted with every alias written out."""

# libyaml is ten times faster; the pure reader answers the same where it is missing.
_Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_UNPRINTABLE = re.compile(
    "[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]"
)
_STYLES = {None: Style.PLAIN, "": Style.PLAIN, "'": Style.QUOTED, '"': Style.QUOTED}


class ParseError(Exception):
    """A file that is not the YAML of a declaration; `problem` says where and why."""

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        super().__init__(str(problem))


def read_file(path: FilePath, shown: str) -> bytes:
    """The bytes of a declaration file; `shown` is how problems call it.

    Raises:
        ParseError: when it cannot be read or is larger than a declaration may be.
    """
    start = Location(shown, 1, 1)
    if path.exists() and not path.is_file():
        # A pipe would keep the reader waiting for ever.
        raise ParseError(Problem.at(Location(shown), "", "is not a file"))
    try:
        with path.open("rb") as file:
            data = file.read(MAXIMUM_BYTES + 1)
    except OSError as error:
        reason = (error.strerror or "unknown reason").lower()
        raise ParseError(Problem.at(Location(shown), "", f"cannot be read: {reason}")) from None
    if len(data) > MAXIMUM_BYTES:
        raise ParseError(Problem.at(start, "", "the file is larger than 1 MiB"))
    return data


def parse(data: bytes, source: str) -> MappingNode:
    """The tree of a whole file.

    Raises:
        ParseError: with the first thing that is not YAML, or not YAML as declarations use it.
    """
    start = Location(source, 1, 1)
    text = _decode(data, source)
    root = parse_value(text, source)
    if root is None:
        message = "the file is empty; it must start with 'version: 1'"
        raise ParseError(Problem.at(start, "", message))
    if not isinstance(root, MappingNode):
        message = "the file must hold a mapping that starts with 'version: 1'"
        raise ParseError(Problem.at(root.place, "", message))
    return root


def parse_value(text: str, source: str, *, has_lines: bool = True) -> Node | None:
    """The tree of one YAML document of any kind; None when there is nothing in it.

    `has_lines` is false for a text that came from no file, such as the value of `--set`.

    Raises:
        ParseError: as `parse`.
    """
    return _Builder(text, source, has_lines).build()


def _decode(data: bytes, source: str) -> str:
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = data[: error.start]
        line = before.count(b"\n") + 1
        column = error.start - (before.rfind(b"\n") + 1) + 1
        place = Location(source, line, column)
        message = f"byte 0x{data[error.start]:02x} is not UTF-8 text; save the file as UTF-8"
        raise ParseError(Problem.at(place, "", message)) from None
    return text


class _Builder:
    """Builds one tree out of the events of one document."""

    def __init__(self, text: str, source: str, has_lines: bool) -> None:
        self._text = text
        self._source = source
        self._has_lines = has_lines
        self._root: Node | None = None
        self._open: list[MappingNode | SequenceNode] = []
        self._keys: list[tuple[str, Location] | None] = []
        self._names: list[str | None] = []
        self._anchors: dict[str, tuple[Node, int]] = {}
        self._starts: list[int] = []
        self._brackets: list[tuple[int, int] | None] = []
        self._count = 0

    @cached_property
    def _lines(self) -> list[str]:
        return self._text.splitlines()

    def build(self) -> Node | None:
        """The tree, or None for an empty text."""
        unprintable = _UNPRINTABLE.search(self._text)
        if unprintable:
            self._refuse_character(unprintable)
        loader = _Loader(self._text)
        try:
            documents = 0
            while (event := loader.get_event()) is not None:
                if isinstance(event, yaml.DocumentStartEvent):
                    documents += 1
                    if documents > 1:
                        raise self._error(event, "a second document ('---'); one file holds one")
                else:
                    self._take(event)
        except yaml.MarkedYAMLError as error:
            raise self._translate(error) from None
        except yaml.YAMLError as error:
            message = f"is not YAML: {error}".splitlines()[0]
            raise ParseError(Problem.at(self._at(1, 1), "", message)) from None
        finally:
            loader.dispose()
        return self._root

    def _take(self, event: yaml.Event) -> None:
        if isinstance(event, yaml.ScalarEvent):
            self._scalar(event)
        elif isinstance(event, yaml.MappingStartEvent):
            self._enter(event, MappingNode(self._place(event)))
        elif isinstance(event, yaml.SequenceStartEvent):
            self._enter(event, SequenceNode(self._place(event)))
        elif isinstance(event, yaml.MappingEndEvent | yaml.SequenceEndEvent):
            self._leave()
        elif isinstance(event, yaml.AliasEvent):
            self._alias(event)

    def _scalar(self, event: yaml.ScalarEvent) -> None:
        if (mistake := mistake_in_scalar(event, self._lines)) is not None:
            raise self._error(event, mistake)
        if event.tag is not None:
            raise self._error(event, f"the tag '{event.tag}' has no meaning here; remove it")
        if self._expects_key():
            self._key(event)
            return
        style = _STYLES.get(event.style, Style.BLOCK)
        start, end = event.start_mark, event.end_mark
        assert start is not None, "every event of a text has a start"
        assert end is not None, "every event of a text has an end"
        quote = 0 if style is Style.PLAIN else 1
        exact = start.line == end.line and end.column - start.column == len(event.value) + 2 * quote
        node = ScalarNode(event.value, style, self._place(event), exact)
        self._count_one(event)
        self._add(node)
        if event.anchor:
            self._anchors[event.anchor] = (node, 1)

    def _key(self, event: yaml.ScalarEvent) -> None:
        mapping = self._open[-1]
        key, place = event.value, self._place(event)
        if event.anchor:
            raise self._error(event, "an anchor on a key; anchor the value instead")
        if key == "<<" and not event.style:
            raise self._error(event, "'<<' merges nothing in YAML 1.2; write the keys out")
        if not key:
            raise self._error(event, "a key must have a name")
        if isinstance(mapping, MappingNode) and key in mapping.entries:
            first = mapping.entries[key].place
            raise self._error(event, f"the key '{key}' is there already, on line {first.line}")
        self._keys[-1] = (key, place)

    def _expects_key(self) -> bool:
        return bool(self._open) and isinstance(self._open[-1], MappingNode) and not self._keys[-1]

    def _enter(self, event: yaml.CollectionStartEvent, node: MappingNode | SequenceNode) -> None:
        if event.tag is not None:
            raise self._error(event, f"the tag '{event.tag}' has no meaning here; remove it")
        if self._expects_key():
            raise self._error(event, "a key must be text, not a list or mapping")
        if len(self._open) >= MAXIMUM_DEPTH:
            raise self._error(event, f"nested more than {MAXIMUM_DEPTH} levels deep")
        self._count_one(event)
        self._add(node)
        self._open.append(node)
        self._keys.append(None)
        self._names.append(event.anchor)
        self._starts.append(self._count)
        self._brackets.append(_line_and_column(event) if event.flow_style else None)

    def _leave(self) -> None:
        node = self._open.pop()
        self._keys.pop()
        self._brackets.pop()
        size = self._count - self._starts.pop() + 1
        if name := self._names.pop():
            self._anchors[name] = (node, size)

    def _alias(self, event: yaml.AliasEvent) -> None:
        if self._expects_key():
            raise self._error(event, "an alias as a key; write the key out")
        if event.anchor in self._names:
            raise self._error(event, f"the anchor '{event.anchor}' contains itself")
        if event.anchor not in self._anchors:
            raise self._error(event, f"there is no anchor '{event.anchor}' above this alias")
        node, size = self._anchors[event.anchor]
        self._count += size - 1
        self._count_one(event)
        self._add(node)

    def _count_one(self, event: yaml.Event) -> None:
        self._count += 1
        if self._count > MAXIMUM_NODES:
            raise self._error(event, f"more than {MAXIMUM_NODES:,} values, aliases written out")

    def _add(self, node: Node) -> None:
        if not self._open:
            self._root = node
            return
        parent = self._open[-1]
        if isinstance(parent, SequenceNode):
            parent.items.append(node)
            return
        pending = self._keys[-1]
        assert pending is not None, "a value without a key never comes out of the parser"
        parent.entries[pending[0]] = Entry(pending[1], node)
        self._keys[-1] = None

    def _place(self, event: yaml.Event) -> Location:
        return self._at(*_line_and_column(event))

    def _at(self, line: int, column: int) -> Location:
        return Location(self._source, line, column) if self._has_lines else Location(self._source)

    def _error(self, event: yaml.Event, message: str) -> ParseError:
        return ParseError(Problem.at(self._place(event), "", message))

    def _refuse_character(self, match: re.Match[str]) -> None:
        before = self._text[: match.start()]
        line = before.count("\n") + 1
        place = self._at(line, match.start() - before.rfind("\n"))
        message = f"the character U+{ord(match[0]):04X} cannot stand in YAML; remove it"
        raise ParseError(Problem.at(place, "", message))

    def _translate(self, error: yaml.MarkedYAMLError) -> ParseError:
        mistake = mistake_of(error, self._text, _Loader, self._bracket())
        return ParseError(Problem.at(self._at(mistake.line, mistake.column), "", mistake.message))

    def _bracket(self) -> tuple[int, int] | None:
        """Line and column of the innermost list or mapping in brackets that is open."""
        return next((place for place in reversed(self._brackets) if place is not None), None)


def _line_and_column(event: yaml.Event) -> tuple[int, int]:
    mark = event.start_mark
    assert mark is not None, "every event of a text has a mark"
    return mark.line + 1, mark.column + 1
