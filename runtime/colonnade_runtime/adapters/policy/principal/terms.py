"""Places in a rule at which a value is passed on unread, or compared with texts alone."""

from collections.abc import Sequence
from collections.abc import Set as AbstractSet

from colonnade_runtime.adapters.policy.rego.called_names import closing
from colonnade_runtime.adapters.policy.rego.module_inspection import KEYWORDS
from colonnade_runtime.adapters.policy.rego.statements import OPENING
from colonnade_runtime.adapters.policy.rego.tokens import Token, TokenKind

TEXTS = (TokenKind.TEXT, TokenKind.RAW_TEXT)
_LITERALS = (*TEXTS, TokenKind.NUMBER)
_CONSTANTS = frozenset({"true", "false", "null"})
_CLOSING = tuple(OPENING.values())
_READING = frozenset({"field", "op", "relation"})
"""Members of a condition that say how it is read."""


def head_term(tokens: Sequence[Token]) -> range:
    """Positions of the value that a rule's head gives; empty for one that is merely true."""
    start = _term_start(tokens)
    depth = 0
    for position in range(start, len(tokens)):
        token = tokens[position]
        if depth == 0 and token.is_name("if") and not token.member:
            return range(start, position)
        depth += token.is_symbol(*OPENING) - token.is_symbol(*_CLOSING)
    return range(start, len(tokens))


def _term_start(tokens: Sequence[Token]) -> int:
    if len(tokens) > 1 and tokens[1].is_name("contains"):
        return 2
    depth = 0
    for position, token in enumerate(tokens):
        if depth == 0 and token.is_symbol(":=", "="):
            return position + 1
        if depth == 0 and token.is_name("if") and not token.member:
            break
        depth += token.is_symbol(*OPENING) - token.is_symbol(*_CLOSING)
    return len(tokens)


def is_plain(tokens: Sequence[Token], term: range, functions: AbstractSet[str]) -> bool:
    """Tell whether a term only puts together literals, names and the values of `functions`, which
    are the package's own: no built-in, operator or index."""
    return all(_is_plain(tokens, position, term.start, functions) for position in term)


def _is_plain(
    tokens: Sequence[Token], position: int, start: int, functions: AbstractSet[str]
) -> bool:
    token = tokens[position]
    if token.kind in _LITERALS or token.is_symbol(",", ":", ".", *_CLOSING):
        return True
    if position > start and token.is_symbol("("):
        called = tokens[position - 1]
        return called.kind is TokenKind.NAME and not called.member and called.text in functions
    if token.is_symbol("[", "{"):
        # After anything else than these it would look something up.
        return position == start or tokens[position - 1].is_symbol("(", "[", "{", ",", ":")
    is_name = token.kind is TokenKind.NAME
    return is_name and (token.member or token.text in _CONSTANTS or token.text not in KEYWORDS)


def is_passed_on(tokens: Sequence[Token], term: range, first: int, last: int) -> bool:
    """Tell whether the name from `first` to `last`, in a plain term, becomes a part of its value.

    Arguments, keys, and what says how a condition is read are looked at instead.
    """
    before = tokens[term.start : first]
    is_argument = sum(token.is_symbol("(") - token.is_symbol(")") for token in before) > 0
    is_key = last + 1 < len(tokens) and tokens[last + 1].is_symbol(":")
    if is_argument or is_key:
        return False
    if not tokens[first - 1].is_symbol(":"):
        return True
    member = tokens[first - 2]
    return member.kind in TEXTS and member.text[1:-1] not in _READING


def is_compared_with_texts(
    tokens: Sequence[Token], first: int, last: int, constants: AbstractSet[str]
) -> bool:
    """Tell whether the name from `first` to `last` is only compared with texts written out.

    `constants` are the rules of the package that are collections of texts.
    """
    if _is_at(tokens, last + 1, "==", "!="):
        return _is_apart(tokens, first, last + 2) and _is_text(tokens, last + 2)
    if _is_at(tokens, first - 1, "==", "!="):
        return _is_apart(tokens, first - 2, last) and _is_text(tokens, first - 2)
    if last + 2 < len(tokens) and tokens[last + 1].is_name("in"):
        end = _end_of_texts(tokens, last + 2, constants)
        return end is not None and _is_apart(tokens, first, end)
    return False


def is_collection_of_texts(tokens: Sequence[Token], term: range) -> bool:
    """Tell whether a term is a set or list of texts, written out."""
    return bool(term) and _end_of_texts(tokens, term.start, frozenset()) == term.stop - 1


def _is_at(tokens: Sequence[Token], position: int, *symbols: str) -> bool:
    return 0 <= position < len(tokens) and tokens[position].is_symbol(*symbols)


def _is_text(tokens: Sequence[Token], position: int) -> bool:
    return 0 <= position < len(tokens) and tokens[position].kind in TEXTS


def _end_of_texts(tokens: Sequence[Token], start: int, constants: AbstractSet[str]) -> int | None:
    """Position of the last token of the collection of texts that begins at `start`."""
    token = tokens[start]
    if token.kind is TokenKind.NAME and not token.member and token.text in constants:
        return start
    if not token.is_symbol("{", "["):
        return None
    end = closing(tokens, start)
    inside = tokens[start + 1 : end]
    alternating = all(
        each.is_symbol(",") if place % 2 else each.kind in TEXTS
        for place, each in enumerate(inside)
    )
    return end if len(inside) % 2 and alternating else None


def _is_apart(tokens: Sequence[Token], first: int, last: int) -> bool:
    """Tell whether these tokens are an expression of their own, and no part of a larger one."""
    return _ends_before(tokens, first) and _begins_after(tokens, last)


def _ends_before(tokens: Sequence[Token], first: int) -> bool:
    if first < 1:
        return False
    previous = tokens[first - 1]
    if previous.is_symbol("{", ";") or (previous.is_name("if", "not") and not previous.member):
        return True
    return previous.line < tokens[first].line and (
        previous.is_symbol(*_CLOSING) or _is_operand(previous)
    )


def _begins_after(tokens: Sequence[Token], last: int) -> bool:
    if last + 1 >= len(tokens):
        return True
    following = tokens[last + 1]
    if following.is_symbol("}", ";"):
        return True
    is_word = following.is_name("not", "some", "every") or _is_operand(following)
    return following.line > tokens[last].line and is_word


def _is_operand(token: Token) -> bool:
    if token.kind in _LITERALS:
        return True
    is_word = token.text in KEYWORDS - _CONSTANTS and not token.member
    return token.kind is TokenKind.NAME and not is_word
