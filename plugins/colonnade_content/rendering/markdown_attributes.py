"""Attributes in braces after an image, a link or ``[text]``, and alone on a line.

Written ``{#name .class alt='words'}`` in pandoc's way, or with a leading colon in kramdown's. Only
``id``, ``class`` and ``alt`` mean anything here; the rest is read and left out.
"""

from __future__ import annotations

import re
from functools import lru_cache

from markdown_it import MarkdownIt
from markdown_it.rules_block import StateBlock
from markdown_it.rules_inline import StateInline
from markdown_it.token import Token

MAXIMUM_ATTRIBUTES_LENGTH = 4000

_ITEM = (
    r"\\?[#.][\w:-]+|[\w\\:-]+=(?:\"(?:[^\"\\]|\\.)*+\"|'(?:[^'\\]|\\.)*+'|[\w:./%-]+)|[\w\\:-]+"
)
_ITEMS = re.compile(_ITEM, re.DOTALL)
_BRACES = re.compile(rf"\{{:?\s*+((?>(?:{_ITEM})\s*+)*+)\}}", re.DOTALL)
_AFTER = frozenset({"code_inline", "image", "link_close", "span_close"})


def attributes(parser: MarkdownIt) -> None:
    """Teach ``parser`` attributes in braces."""
    parser.inline.ruler.push("attributes", _after_inline)
    parser.inline.ruler.after("link", "span", _span)
    parser.block.ruler.before(
        "fence", "attributes", _alone, {"alt": ["paragraph", "reference", "blockquote"]}
    )


def read_attributes(text: str, position: int = 0) -> tuple[int, dict[str, str]] | None:
    """Read braces that start at ``position``; return where they end and what they say."""
    found = _BRACES.match(text, position, position + MAXIMUM_ATTRIBUTES_LENGTH)
    if found is None:
        return None
    said: dict[str, str] = {}
    for item in _ITEMS.findall(found[1]):
        name, equals, value = item.partition("=")
        if equals:
            said[name.lower()] = _unquoted(value)
        elif item.startswith("#"):
            said["id"] = item[1:]
        elif item.startswith("."):
            said["class"] = f"{said.get('class', '')} {item[1:]}".strip()
    return found.end(), said


def _unquoted(value: str) -> str:
    if value[0] not in "\"'":
        return value
    return re.sub(r"\\(.)", r"\1", value[1:-1], flags=re.DOTALL)


def _after_inline(state: StateInline, silent: bool) -> bool:
    if state.src[state.pos] != "{" or state.pending or not state.tokens:
        return False
    if state.tokens[-1].type not in _AFTER:
        return False
    read = read_attributes(state.src, state.pos)
    if read is None:
        return False
    end, said = read
    if not silent:
        _apply(_opening(state.tokens), said)
    state.pos = end
    return True


def _span(state: StateInline, silent: bool) -> bool:
    if state.src[state.pos] != "[" or state.pos > _last_span_end(state.src):
        return False
    label_end = state.md.helpers.parseLinkLabel(state, state.pos)
    if label_end < 0 or not state.src.startswith("{", label_end + 1):
        return False
    read = read_attributes(state.src, label_end + 1)
    if read is None:
        return False
    end, said = read
    if not silent:
        outer = state.posMax
        state.pos, state.posMax = state.pos + 1, label_end
        _apply(state.push("span_open", "span", 1), said)
        state.md.inline.tokenize(state)
        state.push("span_close", "span", -1)
        state.posMax = outer
    state.pos = end
    return True


@lru_cache(maxsize=4)
def _last_span_end(text: str) -> int:
    # Spares a text of many brackets and no span the search for each one's end.
    return text.rfind("]{")


def _alone(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    """Take a line that holds attributes and nothing else out of the text."""
    line = state.src[state.bMarks[start] + state.tShift[start] : state.eMarks[start]].rstrip()
    if state.is_code_block(start) or not line.startswith("{"):
        return False
    read = read_attributes(line)
    if read is None or read[0] != len(line):
        return False
    if not silent:
        state.line = start + 1
    return True


def _opening(tokens: list[Token]) -> Token:
    depth = 0
    for token in reversed(tokens):
        depth += token.nesting
        if depth == 0:
            return token
    return tokens[-1]


def _apply(token: Token, said: dict[str, str]) -> None:
    for name in ("id", "class"):
        if said.get(name):
            token.attrSet(name, said[name])
    if token.type == "image" and "alt" in said:
        token.children = [Token("text", "", 0, content=said["alt"])]
