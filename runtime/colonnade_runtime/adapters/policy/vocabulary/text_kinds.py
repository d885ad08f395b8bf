"""Kinds of the texts in policies, worked out from how they are used together.

Whatever is compared, assigned, searched or passed on belongs to one family: in `role in staff`
and `staff := {"owner"}` the variable, the rule and the text do. A family that meets
`input.principal.roles` anywhere is one of roles.
"""

from collections import defaultdict
from collections.abc import Hashable, Iterator
from enum import StrEnum
from typing import NamedTuple

from colonnade_runtime.adapters.policy.rego.statements import ModuleOutline
from colonnade_runtime.adapters.policy.rego.tokens import Token


class TextKind(StrEnum):
    """Kind of thing that a text stands for."""

    ACTION = "action"
    RESOURCE = "type of object"
    ROLE = "role"
    PRINCIPAL_KIND = "kind of principal"
    STATUS = "status of an academy"
    PLAN = "plan of an academy"
    ACADEMY = "academy"
    PRINCIPAL = "principal"
    FIELD = "field"
    OPERATOR = "operator"
    RELATION = "relation"
    MASK = "field of a representation"


class PolicyText(NamedTuple):
    """A text in a module. `part` is the function that looks at a part of what it is searched in."""

    item: ModuleOutline
    token: Token
    part: str = ""

    @property
    def value(self) -> str:
        """The text without its quotes."""
        return self.token.text[1:-1]


KEYS = "keys"
"""`(KEYS, member)` is what `member` is looked up by."""


class TextFamilies:
    """Families of things that stand for the same, joined as they meet."""

    def __init__(self) -> None:
        self._above: dict[Hashable, Hashable] = {}
        self._texts: dict[Hashable, list[PolicyText]] = defaultdict(list)

    def join(self, one: Hashable | None, other: Hashable | None) -> None:
        """Say that both are of one family; nothing when one of them is nothing that is known."""
        if one is None or other is None:
            return
        self._above[self._head(one)] = self._head(other)
        if not (_is_keys(one) or _is_keys(other)):
            self._above[self._head((KEYS, one))] = self._head((KEYS, other))

    def add(self, member: Hashable | None, text: PolicyText) -> None:
        """Say that `text` is of the family of `member`."""
        if member is not None:
            self._texts[member].append(text)

    def kinds(self) -> Iterator[tuple[frozenset[TextKind], PolicyText]]:
        """Every text with the kinds that its family has; none when nothing is known of it."""
        kinds: dict[Hashable, set[TextKind]] = defaultdict(set)
        for kind in TextKind:
            kinds[self._head(kind)].add(kind)
        for member, texts in self._texts.items():
            found = frozenset(kinds.get(self._head(member), ()))
            for text in texts:
                yield found, text

    def _head(self, member: Hashable) -> Hashable:
        while (above := self._above.get(member, member)) != member:
            member = above
        return member


def _is_keys(member: Hashable) -> bool:
    return isinstance(member, tuple) and member[0] == KEYS
