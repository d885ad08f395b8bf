"""Names in a rule: the functions it calls and the variables it declares."""

from collections.abc import Iterator, Sequence

from colonnade_runtime.adapters.policy.rego.statements import OPENING, Statement
from colonnade_runtime.adapters.policy.rego.tokens import Token, TokenKind

_BEFORE_GROUPS = ("(", "[", "{", ",", ":", ";", "=", ":=", "==", "!=", "|", "&", "-")
"""What may stand right before a bracket that opens a collection of its own."""


def calls(tokens: Sequence[Token]) -> Iterator[tuple[Token, str]]:
    """The functions that are called, as their first token and dotted name."""
    for index, token in enumerate(tokens):
        if not token.is_symbol("(") or index == 0:
            continue
        start = index - 1
        if tokens[start].kind is not TokenKind.NAME:
            continue
        while tokens[start].member and tokens[start - 2].kind is TokenKind.NAME:
            start -= 2
        yield tokens[start], "".join(part.text for part in tokens[start:index])


def declared(rule: Statement) -> Iterator[str]:
    """The variables that a rule declares: arguments, `some`, `every` and `:=`."""
    tokens = rule.tokens
    yield from _arguments(tokens)
    for index, token in enumerate(tokens):
        if token.is_name("some", "every"):
            yield from _after_some(tokens, index + 1)
        elif token.is_symbol(":="):
            yield from _before_assignment(tokens, index)


def _arguments(tokens: Sequence[Token]) -> Iterator[str]:
    if len(tokens) > 1 and tokens[1].is_symbol("(") and tokens[1].joined:
        yield from _names(tokens[2 : closing(tokens, 1)])


def _after_some(tokens: Sequence[Token], index: int) -> Iterator[str]:
    line = tokens[index - 1].line
    depth = 0
    for token in tokens[index:]:
        ends = token.is_name("in") or token.is_symbol(";", "}", ")", "]") or token.line != line
        if ends and depth == 0:
            return
        depth += token.is_symbol(*OPENING) - token.is_symbol(*OPENING.values())
        if token.kind is TokenKind.NAME:
            yield token.text


def _before_assignment(tokens: Sequence[Token], index: int) -> Iterator[str]:
    target = tokens[index - 1]
    if target.kind is TokenKind.NAME:
        yield target.text
        return
    start = _opening(tokens, index - 1)
    # `name[x] := …` refers to x, `[x, y] := …` declares both.
    if start is not None and not tokens[start].joined:
        yield from _names(tokens[start:index])


def _names(tokens: Sequence[Token]) -> Iterator[str]:
    return (token.text for token in tokens if token.kind is TokenKind.NAME)


def closing(tokens: Sequence[Token], index: int) -> int:
    """Index of the bracket that closes the one at `index`."""
    depth = 0
    for position in range(index, len(tokens)):
        depth += tokens[position].is_symbol(*OPENING) - tokens[position].is_symbol(
            *OPENING.values()
        )
        if depth == 0:
            return position
    return len(tokens)


def end_of_term(tokens: Sequence[Token], index: int) -> int:
    """The last token of the literal, reference or call that begins at `index`."""
    end = closing(tokens, index) if tokens[index].is_symbol(*OPENING) else index
    while end + 2 < len(tokens):
        following = tokens[end + 1]
        if following.is_symbol("(", "[") and following.joined:
            end = closing(tokens, end + 1)
        elif following.is_symbol(".") and tokens[end + 2].kind is TokenKind.NAME:
            end += 2
        else:
            break
    return end


def start_of_term(tokens: Sequence[Token], index: int) -> int:
    """The first token of the literal, reference or call that ends at `index`."""
    start = index
    while True:
        if tokens[start].is_symbol(*OPENING.values()):
            opening = _opening(tokens, start)
            if opening is None or opening == 0 or not tokens[opening].joined:
                return start if opening is None else opening
            if tokens[opening].is_symbol("{") or tokens[opening - 1].is_symbol(*_BEFORE_GROUPS):
                return opening
            start = opening - 1
        elif tokens[start].member and start > 1:
            start -= 2
        else:
            return start


def _opening(tokens: Sequence[Token], index: int) -> int | None:
    depth = 0
    for position in range(index, -1, -1):
        depth += tokens[position].is_symbol(*OPENING.values()) - tokens[position].is_symbol(
            *OPENING
        )
        if depth == 0:
            return position
    return None
