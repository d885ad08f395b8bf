"""Markdown blocks between ``::: name`` and ``:::``, as pandoc and the Carpentries write them.

A fence with a name opens a block, a fence without one closes the innermost, whatever their
lengths. ``solution``, ``spoiler`` and ``hint`` fold away; in the Carpentries' vocabulary their
first heading is the title.
"""

from __future__ import annotations

import re

from markdown_it import MarkdownIt
from markdown_it.rules_block import StateBlock
from markdown_it.rules_core import StateCore
from markdown_it.token import Token

MAXIMUM_DIV_DEPTH = 12

_KINDS = """
    callout caution challenge checklist discussion group-tab homework important instructor
    keypoints note objectives prereq questions tab testimonial tip warning
"""

FOLDED = frozenset({"hint", "solution", "spoiler"})
KINDS = FOLDED | frozenset(_KINDS.split())
"""The names a block may have; a block of another name is kept as a plain one."""

_FENCE = re.compile(r":{3,}[ \t]*(?P<name>[^:\s].*?)?[ \t:]*")
_NAME = re.compile(r"\{?\s*\.?(?P<word>[A-Za-z][\w-]*)")
_CODE_FENCE = re.compile(r"[ \t]*(?P<marks>`{3,}|~{3,})(?P<rest>.*)")


def fenced_divs(parser: MarkdownIt) -> None:
    """Teach ``parser`` fenced divs."""
    parser.block.ruler.before(
        "fence", "fenced_div", _parse, {"alt": ["paragraph", "reference", "blockquote", "list"]}
    )
    parser.core.ruler.after("block", "fenced_div_titles", _make_titles)


def _parse(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    if state.is_code_block(start):
        return False
    name = _opening(_line(state, start))
    depth = state.env.get("div_depth", 0)
    if name is None or depth >= MAXIMUM_DIV_DEPTH:
        return False
    if silent:
        return True
    stop = _closing_line(state, start, end)
    _push_div(state, name, start, stop, depth)
    state.line = min(stop + 1, end)
    return True


def _push_div(state: StateBlock, name: str, start: int, stop: int, depth: int) -> None:
    tag = "details" if name in FOLDED else "div"
    outer = state.parentType, state.lineMax
    token = state.push("fenced_div_open", tag, 1)
    token.attrSet("class", name if name in KINDS else "block")
    token.block, token.map, token.info = True, [start, stop], name
    # Keeps a paragraph inside from running on past the closing fence.
    state.parentType, state.lineMax = "fenced_div", stop
    state.env["div_depth"] = depth + 1
    state.md.block.tokenize(state, start + 1, stop)
    state.env["div_depth"] = depth
    state.parentType, state.lineMax = outer
    state.push("fenced_div_close", tag, -1).block = True


def _closing_line(state: StateBlock, start: int, end: int) -> int:
    """Return the line of the fence that closes the block of ``start``, or ``end``."""
    depth = 1
    code = ""
    for number in range(start + 1, end):
        if state.sCount[number] < state.blkIndent and not state.isEmpty(number):
            return number
        line = _line(state, number)
        code, is_code = _after(line, code)
        if is_code or not line.startswith(":::"):
            continue
        if _opening(line) is not None:
            depth += 1
        elif not line.strip(": \t"):
            depth -= 1
        if depth == 0:
            return number
    return end


def _after(line: str, code: str) -> tuple[str, bool]:
    """Return the code fence open after ``line`` and whether the line belongs to code."""
    found = _CODE_FENCE.fullmatch(line)
    if not code:
        opens = found is not None and not ("`" in found["marks"] and "`" in found["rest"])
        return (found["marks"] if found and opens else ""), opens
    closes = found and found["marks"].startswith(code) and not found["rest"].strip()
    return ("" if closes else code), True


def _opening(line: str) -> str | None:
    found = _FENCE.fullmatch(line) if line.startswith(":::") else None
    word = _NAME.match(found["name"]) if found and found["name"] else None
    return word["word"].lower() if word else None


def _line(state: StateBlock, number: int) -> str:
    return state.src[state.bMarks[number] + state.tShift[number] : state.eMarks[number]]


def _make_titles(state: StateCore) -> None:
    """Give each folded block the ``summary`` that a reader opens it by."""
    tokens: list[Token] = []
    source = iter(state.tokens)
    for token in source:
        tokens.append(token)
        if token.type != "fenced_div_open" or token.tag != "details":
            continue
        following = next(source)
        if following.type == "heading_open":
            content, _ = next(source), next(source)
            tokens += _summary(content)
        else:
            content = Token("inline", "", 0, content=token.info.capitalize(), children=[])
            tokens += [*_summary(content), following]
    state.tokens = tokens


def _summary(content: Token) -> list[Token]:
    return [Token("summary_open", "summary", 1), content, Token("summary_close", "summary", -1)]
