"""`${VAR}`, `${VAR:-default}`, `${VAR:?message}` and `$$` inside a declaration's values."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

_DOLLAR = re.compile(r"\$(?:(\$)|\{([^{}]*)\})?")
_EXPRESSION = re.compile(r"([A-Za-z_][A-Za-z0-9_]*)(?:(:-|:\?)(.*))?", re.DOTALL)


class VariableError(ValueError):
    """A variable that is not set, or a `$` that starts none. `offset` counts characters."""

    def __init__(self, message: str, offset: int) -> None:
        self.offset = offset
        super().__init__(message)


@dataclass(slots=True)
class Filled:
    """A text with its variables filled in, and the names of those it took."""

    text: str
    names: list[str] = field(default_factory=list)


def fill_in(text: str, environ: Mapping[str, str]) -> Filled:
    """`text` with every variable replaced.

    An empty variable counts as unset for `:-` and `:?`, and is empty text for `${VAR}`.

    Raises:
        VariableError: for the first variable that has no value, or a stray `$`.
    """
    filled = Filled("")

    def replace(match: re.Match[str]) -> str:
        if match[1]:
            return "$"
        if match[2] is None:
            raise VariableError("'$' starts a variable; write '$$' for the sign", match.start())
        return _value(match[2], match.start(), environ, filled.names)

    filled.text = _DOLLAR.sub(replace, text)
    return filled


def _is_text(value: str) -> bool:
    # The operating system hands over bytes that are not UTF-8 as lone surrogates.
    return not any("\ud800" <= character <= "\udfff" for character in value)


def _value(expression: str, offset: int, environ: Mapping[str, str], names: list[str]) -> str:
    match = _EXPRESSION.fullmatch(expression)
    if match is None:
        forms = "${NAME}, ${NAME:-default} or ${NAME:?message}"
        raise VariableError(f"'${{{expression}}}' is not a variable; write {forms}", offset)
    name, operator, argument = match.groups()
    names.append(name)
    value = environ.get(name)
    if value is not None and not _is_text(value):
        raise VariableError(f"the environment variable {name} is not UTF-8 text", offset)
    if value or (value is not None and operator is None):
        return value
    if operator == ":-":
        return argument
    if operator == ":?" and argument:
        raise VariableError(f"the environment variable {name} is not set: {argument}", offset)
    raise VariableError(f"the environment variable {name} is not set", offset)
