"""Splits Rego into tokens, so that checks are not fooled by comments and strings."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum


class TokenKind(StrEnum):
    """Kind of a token."""

    NAME = "name"
    TEXT = "text"
    RAW_TEXT = "raw text"
    NUMBER = "number"
    SYMBOL = "symbol"


@dataclass(frozen=True, slots=True)
class Token:
    """One token; `line` and `column` count from 1, `start` is its offset in the source.

    `joined` says that nothing stands between it and the token before, `member` that it is the
    name after a dot.
    """

    kind: TokenKind
    text: str
    line: int
    column: int
    start: int
    joined: bool
    member: bool

    @property
    def end(self) -> int:
        """The offset just behind it."""
        return self.start + len(self.text)

    def is_symbol(self, *texts: str) -> bool:
        """Tell whether it is one of these symbols."""
        return self.kind is TokenKind.SYMBOL and self.text in texts

    def is_name(self, *texts: str) -> bool:
        """Tell whether it is one of these names."""
        return self.kind is TokenKind.NAME and self.text in texts


class UnreadableSource(ValueError):
    """Source that is no sequence of Rego tokens."""

    def __init__(self, message: str, line: int, column: int) -> None:
        super().__init__(message)
        self.line = line
        self.column = column


_PATTERN = re.compile(
    r"""
    (?P<space>[ \t\r]+)
  | (?P<newline>\n)
  | (?P<comment>\#[^\n]*)
  | (?P<raw>`[^`]*`)
  | (?P<text>"(?:[^"\\\n]|\\.)*")
  | (?P<number>(?:\d+(?:\.\d+)?|\.\d+)(?:[eE][+-]?\d+)?)
  | (?P<name>[A-Za-z_][A-Za-z0-9_]*)
  | (?P<symbol>:=|==|!=|<=|>=|[-+*/%=<>|&.,:;(){}\[\]])
    """,
    re.VERBOSE,
)
_KINDS = {
    "raw": TokenKind.RAW_TEXT,
    "text": TokenKind.TEXT,
    "number": TokenKind.NUMBER,
    "name": TokenKind.NAME,
    "symbol": TokenKind.SYMBOL,
}


def tokens_of(source: str) -> Iterator[Token]:
    """The tokens of `source`, without comments and white space.

    Raises:
        UnreadableSource: at the first character that begins no token.
    """
    position, line, line_start = 0, 1, 0
    joined = member = False
    while position < len(source):
        match = _PATTERN.match(source, position)
        if match is None:
            column = position - line_start + 1
            raise UnreadableSource(_complaint(source[position]), line, column)
        text = match.group()
        kind = _KINDS.get(match.lastgroup or "")
        if kind is not None:
            column = position - line_start + 1
            yield Token(kind, text, line, column, position, joined, member)
            member = text == "."
        joined = kind is not None
        newlines = text.count("\n")
        if newlines:
            line += newlines
            line_start = position + text.rindex("\n") + 1
        position = match.end()


def _complaint(character: str) -> str:
    if character == '"':
        return "this text is not closed on its line"
    if character == "`":
        return "this raw text is not closed"
    if character == "$":
        return "template strings are not supported; use sprintf or concat"
    return f"{character!r} does not belong here"
