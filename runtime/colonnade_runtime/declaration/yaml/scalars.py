"""Meaning of unquoted scalars: the core schema of YAML 1.2 (§10.3.2), and nothing of 1.1.

`no`, `on`, `22:22` and `1_000` are text. So is `010`: readers disagree whether it is eight or
ten, and a postal code should keep its zero.
"""

import re

Scalar = str | int | float | bool | None

_WORDS: dict[str, Scalar] = {
    "": None,
    "~": None,
    **dict.fromkeys(("null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
# Nothing a declaration counts needs more digits, and Python refuses to read thousands of them.
_INTEGER = re.compile(r"[-+]?(?:0|[1-9][0-9]{0,63})")
_BASED = re.compile(r"0o[0-7]{1,64}|0x[0-9a-fA-F]{1,64}")
_FLOAT = re.compile(
    r"[-+]?(?:\.[0-9]{1,64}|(?:0|[1-9][0-9]{0,63})(?:\.[0-9]{0,64})?)(?:[eE][-+]?[0-9]{1,3})?"
)
_NOT_FINITE = re.compile(r"[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)")


class ScalarError(ValueError):
    """A scalar that has a meaning in YAML and none in a declaration."""


def resolve_plain(text: str) -> Scalar:
    """The value of the unquoted scalar `text`.

    Raises:
        ScalarError: when it is a number that is not finite.
    """
    if text in _WORDS:
        return _WORDS[text]
    if text[0] not in "-+.0123456789":
        return text
    if _INTEGER.fullmatch(text):
        return int(text)
    if _BASED.fullmatch(text):
        return int(text, 0)
    if _NOT_FINITE.fullmatch(text):
        raise ScalarError("must be a finite number")
    if _FLOAT.fullmatch(text):
        return _finite(text)
    return text


def _finite(text: str) -> float:
    number = float(text)
    if number in (float("inf"), float("-inf")):
        raise ScalarError("must be a finite number")
    return number
