"""Mistakes behind a YAML reader's errors, each in a sentence.

A reader notices an open quote or bracket lines later, often at the end of the file; the place to
mend is where it opens.
"""

import re
import unicodedata
from collections.abc import Iterator
from typing import Any, Final, NamedTuple

import yaml

_BLANKS: Final = re.compile("[\xa0\u1680\u2000-\u200b\u202f\u205f\u3000]")
"""Look like a space and are none to YAML, so that they become part of a key."""

_TYPOGRAPHIC: Final = re.compile("[\u201c-\u201f]")
_WRAPPED: Final = re.compile(
    "[\u201c-\u201f][^\u201c-\u201f]*[\u201c-\u201f]?|[\u2018-\u201b][^\u2018-\u201b]*[\u2018-\u201b]"
)
"""A text that begins in a quote of a word processor and ends in one, or with the text itself."""

_BRACKET: Final = "a list or mapping in brackets that is not closed"
_ADVICE: Final = (
    ("mapping values are not allowed", "a second ':' on a line; put the value in quotes"),
    ("could not find expected ':'", "a key without its ':'"),
    ("did not find expected key", "a line that does not fit the lines before it; check the indent"),
    (
        "did not find expected '-' indicator",
        "a line that does not fit the list before it; begin it with '-' or check the indent",
    ),
    ("did not find expected ',' or", _BRACKET),
    ("did not find expected node content", "a value is missing here, or a bracket is not closed"),
    ("cannot start any token", "this character cannot start a value; put the value in quotes"),
    ("escape character", "a backslash that begins no escape; write it twice, or use '…'"),
    ("hexdecimal number", "a backslash that begins no escape; write it twice, or use '…'"),
)
_OPEN: Final = "the quote that opens here is not closed"


class Mistake(NamedTuple):
    """Mistake: the place to mend, counted from 1, and the sentence."""

    line: int
    column: int
    message: str


class _Quoted(NamedTuple):
    start: Any
    end: Any


def mistake_in_scalar(event: yaml.ScalarEvent, lines: list[str]) -> str | None:
    """Find a scalar of `lines` that is valid YAML and hardly meant as it reads."""
    if event.style in ("'", '"'):
        assert event.start_mark is not None, "every event of a text has a start"
        assert event.end_mark is not None, "every event of a text has an end"
        quoted = _Quoted(event.start_mark, event.end_mark)
        return _open_sentence(quoted, lines) if _runs_on(quoted, lines) else None
    if event.style:
        return None
    if _BLANKS.match(event.value):
        return _blank(event.value[0])
    return _typographic(event.value[0]) if _WRAPPED.fullmatch(event.value) else None


def mistake_of(
    error: yaml.MarkedYAMLError, text: str, loader: Any, bracket: tuple[int, int] | None
) -> Mistake:
    """The mistake behind `error` in `text`. `bracket` is where the innermost one opens."""
    mark = error.problem_mark or error.context_mark
    line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
    problem = str(error.problem or error.context or "cannot be read")
    lines = text.splitlines()
    found = (
        _tab(lines, line, column)
        or _open_quote(error, text, lines, loader)
        or _strange_blank(lines, line, column)
        or _typographic_in(lines, line)
        or _open_bracket(problem, lines, Mistake(line, column, ""), bracket)
    )
    if found is not None:
        return found
    context = f" ({error.context})" if error.context and error.problem else ""
    known = (sentence for part, sentence in _ADVICE if part in problem)
    return Mistake(line, column, next(known, f"is not YAML: {problem}{context}"))


def _tab(lines: list[str], line: int, column: int) -> Mistake | None:
    indent = lines[line - 1][:column] if line <= len(lines) else ""
    if "\t" in indent and not indent.strip():
        return Mistake(line, column, "a tab indents this line; YAML takes spaces only")
    return None


def _open_quote(
    error: yaml.MarkedYAMLError, text: str, lines: list[str], loader: Any
) -> Mistake | None:
    """The quote that was never closed, or closed by one that was to open another text."""
    for quoted in _quoted(text, loader):
        if _runs_on(quoted, lines):
            return _at(quoted, _open_sentence(quoted, lines))
        if _is_followed_by(error, quoted, lines):
            return _at(quoted, _more_follows(quoted, lines))
    if error.context_mark is not None and "unexpected end of stream" in str(error.problem):
        mark = error.context_mark
        return _at(_Quoted(mark, mark), _open_sentence(_Quoted(mark, mark), lines))
    return None


def _is_followed_by(error: yaml.MarkedYAMLError, quoted: _Quoted, lines: list[str]) -> bool:
    """True when the error is about text right behind a quoted one, on its line."""
    mark, end = error.problem_mark, quoted.end
    if mark is None or mark.line != end.line or mark.column < end.column:
        return False
    between, rest = lines[end.line][end.column : mark.column], lines[end.line][end.column :].strip()
    return not between.strip() and bool(rest) and rest[0] not in ",]}:#"


def _quoted(text: str, loader: Any) -> Iterator[_Quoted]:
    """The quoted texts up to where the reader gives up."""
    tokens = loader(text)
    try:
        while (token := tokens.get_token()) is not None:
            if isinstance(token, yaml.ScalarToken) and token.style in ("'", '"'):
                yield _Quoted(token.start_mark, token.end_mark)
    except yaml.YAMLError:
        return
    finally:
        tokens.dispose()


def _runs_on(quoted: _Quoted, lines: list[str]) -> bool:
    """True when a quoted text takes in a line that is not indented below the one it begins on.

    YAML 1.2 asks for that indent (§8.1), libyaml does not.
    """
    if quoted.start.line == quoted.end.line:
        return False
    indent = _indent(lines[quoted.start.line])
    following = lines[quoted.start.line + 1 : quoted.end.line + 1]
    return any(line.strip() and _indent(line) <= indent for line in following)


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip(" "))


def _open_sentence(quoted: _Quoted, lines: list[str]) -> str:
    rest = lines[quoted.start.line][quoted.start.column + 1 :]
    found = _TYPOGRAPHIC.search(rest) or re.search("[\u2018-\u201b]$", rest.rstrip())
    if found is None:
        return f"{_OPEN}; close it on its line"
    return f"{_OPEN}: {found[0]} does not close it; write the same quote at both ends"


def _more_follows(quoted: _Quoted, lines: list[str]) -> str:
    quote = lines[quoted.start.line][quoted.start.column]
    within = "twice ('')" if quote == "'" else 'with a backslash (\\")'
    return (
        f"the text that this quote opens ends at column {quoted.end.column}, and more follows; "
        f"close the quote where the text ends, and write a quote within it {within}"
    )


def _at(quoted: _Quoted, message: str) -> Mistake:
    return Mistake(quoted.start.line + 1, quoted.start.column + 1, message)


def _strange_blank(lines: list[str], line: int, column: int) -> Mistake | None:
    # What follows `key:` and such a blank goes on to the next line, where it is noticed.
    for number in range(min(line, len(lines)), max(line - 2, 0), -1):
        blank = _BLANKS.search(lines[number - 1])
        if blank is not None:
            place = f"(line {number}, column {blank.start() + 1})"
            return Mistake(line, column, f"{_blank(blank[0])} {place}")
    return None


def _typographic_in(lines: list[str], line: int) -> Mistake | None:
    found = _TYPOGRAPHIC.search(lines[line - 1]) if line <= len(lines) else None
    return found and Mistake(line, found.start() + 1, _typographic(found[0]))


def _open_bracket(
    problem: str, lines: list[str], noticed: Mistake, bracket: tuple[int, int] | None
) -> Mistake | None:
    if "did not find expected ',' or" not in problem and "node content" not in problem:
        return None
    if bracket is None:
        return None
    line, column = bracket
    if "expected ',' or" in problem and any(
        "${" in each for each in lines[line - 1 : noticed.line]
    ):
        return noticed._replace(message="inside brackets, a value with ${…} needs quotes")
    is_later = line != noticed.line or line > len(lines)
    return Mistake(line, column, _BRACKET) if is_later else None


def _blank(character: str) -> str:
    name = unicodedata.name(character).lower()
    return f"U+{ord(character):04X} ({name}) is no space to YAML; write an ordinary one"


def _typographic(character: str) -> str:
    return (
        f"the typographic quote {character} is text to YAML and quotes nothing; write \" or ', or "
        "put all of it between these when it is meant"
    )
