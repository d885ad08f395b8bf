"""Use that one rule makes of who asks, and the rules it refers to."""

from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field

from colonnade.policy.principal_use import ANY_USE, NO_USE, PrincipalUse
from colonnade_runtime.adapters.policy.principal.terms import (
    head_term,
    is_compared_with_texts,
    is_passed_on,
    is_plain,
)
from colonnade_runtime.adapters.policy.rego.called_names import declared
from colonnade_runtime.adapters.policy.rego.module_inspection import SERVICE_PACKAGE
from colonnade_runtime.adapters.policy.rego.statements import Statement
from colonnade_runtime.adapters.policy.rego.tokens import Token, TokenKind

RuleName = tuple[str, str]
"""A package and the name of a rule in it."""

_SERVICES = SERVICE_PACKAGE.rstrip(".").split(".")


@dataclass
class RuleUse:
    """Use of a principal by all rules of one name in a package.

    `carries` says that the value holds the id; `passed_on` are the rules whose values its own is
    put together from, `read` those that it looks into in any other way.
    """

    use: PrincipalUse = NO_USE
    carries: bool = False
    passed_on: set[RuleName] = field(default_factory=set)
    read: set[RuleName] = field(default_factory=set)

    def add(self, other: "RuleUse") -> None:
        """Add another rule of the same name."""
        self.use = self.use.joined(other.use)
        self.carries |= other.carries
        self.passed_on |= other.passed_on
        self.read |= other.read


OPAQUE = RuleUse(use=ANY_USE)
"""A rule of which nothing is proven."""


def rule_use(
    rule: Statement, package: str, names: Mapping[str, frozenset[str]], constants: AbstractSet[str]
) -> RuleUse:
    """The use that `rule` makes. `names` are the rules by package, `constants` those of this one
    that are collections of texts."""
    # A variable of the same name is not the rule.
    constant = constants - set(declared(rule))
    return _RuleReader(rule.tokens, package, names[package], constant).read()


class _RuleReader:
    def __init__(
        self,
        tokens: Sequence[Token],
        package: str,
        names: AbstractSet[str],
        constants: AbstractSet[str],
    ) -> None:
        self._tokens = tokens
        self._package = package
        self._names = names
        self._constants = constants
        term = head_term(tokens)
        self._plain = term if is_plain(tokens, term, names) else range(0)
        self._found = RuleUse()

    def read(self) -> RuleUse:
        head = 1 if self._tokens[0].is_name("default") else 0
        for first, token in enumerate(self._tokens):
            if token.kind is not TokenKind.NAME or token.member or first == head:
                continue
            if token.text == "input":
                self._input(first)
            elif token.text == "data":
                self._data(first)
            elif token.text in self._names:
                last = first + 2 * (len(self._path(first)) - 1)
                self._refers(first, last, (self._package, token.text))
        return self._found

    def _input(self, first: int) -> None:
        match self._path(first)[1:]:
            case ["principal", "id"]:
                self._id(first, first + 4)
            case ["principal", "attributes", name, *_]:
                self._uses(PrincipalUse(True, frozenset({name}), False))
            case ["principal", "attributes"]:
                self._uses(PrincipalUse(True, None, False))
            case ["principal", "on_behalf_of", *_]:
                self._uses(PrincipalUse(True, frozenset(), True))
            case ["principal", "kind" | "roles", *_]:
                pass
            case [] | ["principal", *_]:
                self._uses(ANY_USE)

    def _id(self, first: int, last: int) -> None:
        if is_compared_with_texts(self._tokens, first, last, self._constants):
            return
        if self._is_passed_on(first, last):
            self._found.carries = True
        else:
            self._uses(PrincipalUse(False, frozenset(), False))

    def _data(self, first: int) -> None:
        path = self._path(first)
        if path[1:3] != _SERVICES or len(path) < 5:
            self._uses(ANY_USE)
            return
        last = first + 2 * (len(path) - 1)
        self._refers(first, last, (SERVICE_PACKAGE + path[3], path[4]))

    def _refers(self, first: int, last: int, name: RuleName) -> None:
        is_passed_on = self._is_passed_on(first, last)
        (self._found.passed_on if is_passed_on else self._found.read).add(name)

    def _is_passed_on(self, first: int, last: int) -> bool:
        return first in self._plain and is_passed_on(self._tokens, self._plain, first, last)

    def _uses(self, use: PrincipalUse) -> None:
        self._found.use = self._found.use.joined(use)

    def _path(self, first: int) -> list[str]:
        return [token.text for token in self._path_tokens(first)]

    def _path_tokens(self, first: int) -> Iterator[Token]:
        yield self._tokens[first]
        position = first + 2
        while position < len(self._tokens) and self._tokens[position].member:
            yield self._tokens[position]
            position += 2
