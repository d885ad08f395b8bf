"""Targets of links and images in a Markdown text: found, and replaced byte for byte.

A Markdown parser says which lines hold text and not code; within those lines the targets are found
by their place in the source, so that a text can be rewritten byte for byte around them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from typing import Any

from markdown_it import MarkdownIt
from mdit_py_plugins.deflist import deflist_plugin
from mdit_py_plugins.footnote import footnote_plugin

# Quantifiers are possessive (`*+`, `++`), so that no text makes a search backtrack for long.
_LINE_END = re.compile(r"\r\n|\r|\n")
_IN_BRACKETS = r"\((?:\\.|[^\s\\()])*+\)"
_BARE = rf"(?:\\.|[^\s\\()]|{_IN_BRACKETS})"
_DESTINATION = rf"(?:<(?P<angled>[^<>\r\n]*)>|(?P<bare>(?!<){_BARE}++))"
_TITLE = r"""(?:"(?:\\.|[^"\\])*+"|'(?:\\.|[^'\\])*+'|\((?:\\.|[^()\\])*+\))"""
# Attributes in braces belong to the image before them; a bracket in an alt text is no link.
_BRACES = r"(?:\{[^{}]{0,4000}\})?+"
_SPAN = re.compile(
    rf"""
    (?P<skipped> \\. | (?P<ticks>`++)(?>.*?(?<!`)(?P=ticks)(?!`)) | `++ | <!--.*?--> )
    | <(?P<address>[A-Za-z][A-Za-z0-9+.-]{{1,31}}:[^\s<>]*)>
    | <(?P<element>a|img|source|video|audio)\b(?:[^<>"']|"[^"]*"|'[^']*')*?
      \s(?:href|src)\s*=\s*(?:"(?P<double>[^"\r\n]*)"|'(?P<single>[^'\r\n]*)')
    | (?P<opening>!?\[)
    | (?P<closing>\])(?P<inline>\(\s*+{_DESTINATION}(?:\s++{_TITLE})?+\s*+\){_BRACES})?+
    """,
    re.VERBOSE | re.DOTALL | re.IGNORECASE,
)
_DEFINITION = re.compile(rf"\[(?:\\.|[^\]\\])+\]:\s*+{_DESTINATION}", re.DOTALL)
_GROUPS = ("address", "double", "single", "angled", "bare")


@dataclass(frozen=True, slots=True)
class Target:
    """Target of one link or image: ``text`` stands at ``[start, stop)``, on ``line`` from 1."""

    text: str
    start: int
    stop: int
    line: int
    is_image: bool


def find_targets(markdown: str) -> tuple[Target, ...]:
    """Return the targets in the order they stand in.

    Found are inline links and images, reference definitions, ``<https://…>``, and ``href`` and
    ``src`` of raw HTML. Code, in blocks or spans, has none.
    """
    starts = [0, *(line.end() for line in _LINE_END.finditer(markdown)), len(markdown)]
    text, definitions = _blocks(markdown)
    found: dict[int, Target] = {}
    for search, blocks in ((_in_text, text), (_in_definition, definitions)):
        for first, last in blocks:
            stop = starts[min(last, len(starts) - 1)]
            for match, is_image in search(markdown, starts[first], stop):
                target = _target(markdown, match, starts[first], first + 1, is_image)
                found.setdefault(target.start, target)
    return tuple(found[start] for start in sorted(found))


def replace_targets(
    markdown: str, targets: Iterable[Target], replace: Callable[[Target], str | None]
) -> str:
    """Return ``markdown`` with each target that ``replace`` gives a new text for changed to it.

    ``targets`` are those that ``find_targets`` found in the same text. None leaves a target alone.
    """
    pieces = []
    position = 0
    for target in sorted(targets, key=lambda target: target.start):
        new = replace(target)
        if new is None:
            continue
        pieces += [markdown[position : target.start], new]
        position = target.stop
    return "".join([*pieces, markdown[position:]])


def plain_text(markdown: str) -> Iterator[str]:
    """Yield the words of each paragraph, without marks, links and line breaks."""
    tokens = _parser().parse(markdown)
    for opening, content in pairwise(tokens):
        if opening.type == "paragraph_open":
            words = (_words(child.type, child.content) for child in content.children or ())
            yield " ".join("".join(words).split())


def _words(kind: str, content: str) -> str:
    if kind in {"softbreak", "hardbreak"}:
        return " "
    return content if kind in {"text", "code_inline"} else ""


def _blocks(markdown: str) -> tuple[list[tuple[int, int]], list[tuple[int, int]]]:
    """Return the ranges of lines that hold text or raw HTML, and those that hold definitions."""
    environment: dict[str, Any] = {}
    tokens = _parser().parse(markdown, environment)
    # The term of a definition list says that it ends on the line it begins on.
    text = {
        (token.map[0], max(token.map[1], token.map[0] + 1))
        for token in tokens
        if token.type in {"inline", "html_block"} and token.map
    }
    definitions = {tuple(found["map"]) for found in environment.get("references", {}).values()}
    return sorted(text), sorted(definitions)


@cache
def _parser() -> MarkdownIt:
    parser = MarkdownIt("commonmark", {"maxNesting": 32}).enable(["table", "strikethrough"])
    return parser.use(deflist_plugin).use(footnote_plugin)


def _in_text(markdown: str, start: int, stop: int) -> Iterator[tuple[re.Match[str], bool]]:
    openings: list[bool] = []
    for found in _SPAN.finditer(markdown, start, stop):
        if found["opening"]:
            openings.append(found["opening"] == "![")
        elif found["closing"]:
            is_image = openings.pop() if openings else None
            if found["inline"] and is_image is not None:
                yield found, is_image
        elif not found["skipped"]:
            yield found, (found["element"] or "").lower() in {"img", "source"}


def _in_definition(markdown: str, start: int, stop: int) -> Iterator[tuple[re.Match[str], bool]]:
    found = _DEFINITION.search(markdown, start, stop)
    if found:
        yield found, False


def _target(
    markdown: str, found: re.Match[str], block_start: int, block_line: int, is_image: bool
) -> Target:
    groups = found.groupdict()
    name = next(name for name in _GROUPS if groups.get(name) is not None)
    start, stop = found.span(name)
    line = block_line + sum(1 for _ in _LINE_END.finditer(markdown, block_start, start))
    return Target(markdown[start:stop], start, stop, line, is_image)
