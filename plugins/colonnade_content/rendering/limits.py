"""Bounds on what one text may ask of the renderer and become, held while it is rendered.

What these let through is bounded in time and memory by the process that renders; a text that is
refused here is told what is wrong with it, and where.
"""

from __future__ import annotations

from typing import Final

from markdown_it import MarkdownIt
from markdown_it.rules_block import StateBlock, table
from markdown_it.rules_core import StateCore
from markdown_it.token import Token

MAXIMUM_CHARACTERS: Final = 200_000
MAXIMUM_NESTING: Final = 32
"""Levels of quotes and lists; a list counts two, for itself and its item."""

MAXIMUM_CELLS: Final = 50_000
"""Cells of all tables together, with those that fill up short rows."""

MAXIMUM_HTML_BYTES: Final = 2 * 1024 * 1024
GROWTH: Final = 40
"""How many times larger than the text its HTML may be."""

ROOM: Final = 16 * 1024
"""Bytes of HTML that any text may become: a short one may need many times its own."""

# Above what the rule below refuses, so that the parser itself never leaves anything out.
PARSER_NESTING: Final = MAXIMUM_NESTING + 8

_CELLS = "cells"
_ROOM = "room"
_CELL_TOKENS: Final = frozenset({"td_open", "th_open"})


class MarkdownRejected(ValueError):
    """The text cannot be rendered; the message says why, in a sentence. `line` counts from 1."""

    def __init__(self, sentence: str, line: int = 1) -> None:
        super().__init__(sentence)
        self.line = line


def limits(parser: MarkdownIt) -> None:
    """Teach ``parser`` to refuse what goes beyond these bounds."""
    parser.block.ruler.before("table", "nesting", _refuse_depth)
    parser.block.ruler.at("table", _counted_table, {"alt": ["paragraph", "reference"]})
    parser.core.ruler.push("growth", _refuse_growth)


def environment(text: str) -> dict[str, int]:
    """Return what the rules count in while ``text`` is rendered.

    Raises:
        MarkdownRejected: it has more than ``MAXIMUM_CHARACTERS``, or is no Unicode text.
    """
    if len(text) > MAXIMUM_CHARACTERS:
        raise MarkdownRejected(
            f"The text has {len(text)} characters; at most {MAXIMUM_CHARACTERS} are rendered."
        )
    try:
        size = len(text.encode())
    except UnicodeEncodeError as error:
        raise MarkdownRejected(
            f"The text holds half a character (a lone surrogate) at position {error.start}.",
            text.count("\n", 0, error.start) + 1,
        ) from error
    return {_CELLS: 0, _ROOM: min(ROOM + GROWTH * size, MAXIMUM_HTML_BYTES)}


def require_room(html: str, env: dict[str, int]) -> str:
    """Return ``html``.

    Raises:
        MarkdownRejected: it is larger than its text may become.
    """
    if len(html.encode()) > env[_ROOM]:
        raise _grown(env[_ROOM])
    return html


def _refuse_depth(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    if state.level >= MAXIMUM_NESTING:
        raise MarkdownRejected(
            f"Quotes and lists are nested more than {MAXIMUM_NESTING} levels deep.", start + 1
        )
    return False


def _counted_table(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    before = len(state.tokens)
    found = table(state, start, end, silent)
    made = sum(1 for token in state.tokens[before:] if token.type in _CELL_TOKENS)
    state.env[_CELLS] += made
    if state.env[_CELLS] > MAXIMUM_CELLS:
        raise MarkdownRejected(
            f"The tables have more than {MAXIMUM_CELLS} cells, with those that short rows lack.",
            start + 1,
        )
    return found


def _refuse_growth(state: StateCore) -> None:
    # A long target that many short links name is written out at each of them.
    size = sum(map(_least, state.tokens))
    if size > state.env[_ROOM]:
        raise _grown(state.env[_ROOM])


def _least(token: Token) -> int:
    """Characters that the HTML of a token has at least."""
    if token.children is not None and token.type == "inline":
        return sum(map(_least, token.children))
    return len(token.content) + sum(len(str(value)) for value in token.attrs.values())


def _grown(room: int) -> MarkdownRejected:
    return MarkdownRejected(f"The text would become more than {room} bytes of HTML.")
