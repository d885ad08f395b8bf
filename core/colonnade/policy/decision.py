"""Decisions: plain data that says which objects an action may touch.

A decision is an OR of grants, each an AND of conditions, narrowed by denies of the same shape.
No grant means refused. A null never satisfies a condition, whatever the operator.
"""

import hashlib
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar

if TYPE_CHECKING:
    from colonnade.policy.binding import BoundDecision
    from colonnade.policy.resource import ResourceType

JsonScalar: TypeAlias = str | int | float | bool | None
JsonValue: TypeAlias = JsonScalar | Sequence["JsonValue"] | Mapping[str, "JsonValue"]


DerivedT = TypeVar("DerivedT")

_MAXIMUM_DERIVED = 32


class Operator(StrEnum):
    """The closed set of comparisons that a condition may make."""

    EQ = "eq"
    NE = "ne"
    IN = "in"
    NOT_IN = "not_in"
    LT = "lt"
    LTE = "lte"
    GT = "gt"
    GTE = "gte"
    RELATED = "related"


@dataclass(frozen=True, slots=True)
class RelatedTo:
    """The value of a `related` condition: `subject` stands in `relation` to the field's value."""

    relation: str
    subject: str


@dataclass(frozen=True, slots=True)
class Condition:
    """One comparison of one field of the object with a value from the policy.

    `value` is a scalar; a tuple of scalars for `in` and `not_in`; a `RelatedTo` for `related`.
    """

    field: str
    operator: Operator
    value: JsonScalar | tuple[JsonScalar, ...] | RelatedTo


Grant: TypeAlias = tuple[Condition, ...]
"""Conditions that all must hold; an empty one always holds."""


@dataclass(frozen=True, slots=True)
class Decision:
    """Decision on one action of one principal on one resource type.

    `expires_at` (aware, UTC) is when the answer stops being true; none means at the next policy
    revision. `rules` names, for the log, the rules that refused: those that could have granted
    it and did not, or those that deny. `deny_rules` names the rule behind each of `denies`, where
    the engine can tell. `failed` tells an answer the engine could not give
    (error, timeout, malformed result) from one the policy gave: both refuse, the former is never
    memoised.
    """

    action: str
    resource_type: str
    grants: tuple[Grant, ...] = ()
    denies: tuple[Grant, ...] = ()
    masks: frozenset[str] = frozenset()
    expires_at: datetime | None = None
    revision: str = ""
    reason: str | None = None
    failed: bool = False
    rules: tuple[str, ...] = ()
    deny_rules: tuple[str, ...] = ()
    _bound: dict["ResourceType", "BoundDecision"] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )
    _told: set["ResourceType"] = field(default_factory=set, init=False, repr=False, compare=False)
    _fingerprint: bytes = field(default=b"", init=False, repr=False, compare=False)
    _derived: dict[Hashable, Any] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )

    @property
    def fingerprint(self) -> bytes:
        """Sixteen bytes that differ where two decisions permit or show different things."""
        if not self._fingerprint:
            said = (self.action, self.resource_type, self.grants, self.denies, sorted(self.masks))
            digest = hashlib.blake2b(repr(said).encode(), digest_size=16).digest()
            object.__setattr__(self, "_fingerprint", digest)
        return self._fingerprint

    @property
    def refused(self) -> bool:
        """True when no object at all is permitted, so that nothing need be read to say no."""
        return not self.grants or any(not deny for deny in self.denies)

    @property
    def unconditional(self) -> bool:
        """True when every object is permitted, so that none need be looked at to say yes."""
        return not self.denies and any(not grant for grant in self.grants)

    @classmethod
    def refuse(
        cls,
        action: str,
        resource_type: str,
        reason: str,
        *,
        revision: str = "",
        failed: bool = False,
    ) -> "Decision":
        """A refusal of everything, with the reason for the log."""
        return cls(action, resource_type, revision=revision, reason=reason, failed=failed)

    def bound_to(self, resource_type: "ResourceType") -> "BoundDecision":
        """Bind this decision to the fields of `resource_type`; worked out once."""
        from colonnade.policy.binding import bind

        bound = self._bound.get(resource_type)
        if bound is None:
            bound = self._bound[resource_type] = bind(self, resource_type)
        return bound

    def derived(self, key: Hashable, make: Callable[[], DerivedT]) -> DerivedT:
        """Derive something from this decision with `make`, such as a statement; kept with it.

        A few dozen are kept, since clients choose which filters of a list they combine.
        """
        found: DerivedT | None = self._derived.get(key)
        if found is None:
            if len(self._derived) >= _MAXIMUM_DERIVED:
                self._derived.clear()
            found = self._derived[key] = make()
        return found

    def refusal_in_words(self, denying: tuple[int, ...] = ()) -> tuple[str, str]:
        """The rules that refuse an object and the fields that decide, without values, for the
        log. `denying` are the positions of the denials that hold for it."""
        if not denying:
            return ", ".join(self.rules), self._conditions_in_words()
        names = [self.deny_rules[index] for index in denying if index < len(self.deny_rules)]
        fields = " or ".join(_in_words(self.denies[index]) for index in denying)
        rules = ", ".join(dict.fromkeys(names)) or _SOME_DENIAL
        return rules, f"The object is one that is denied: {fields}."

    def _conditions_in_words(self) -> str:
        grants = " or ".join(map(_in_words, self.grants)) or "nothing"
        denies = "".join(f", unless {_in_words(deny)}" for deny in self.denies)
        return f"The object is not one that is permitted: {grants}{denies}."

    def take_mistakes(self) -> list[str]:
        """Take the mistakes found in this decision, in sentences for the log; each comes once."""
        found = []
        for resource_type, bound in self._bound.items():
            if bound.unreadable and resource_type not in self._told:
                self._told.add(resource_type)
                found.append(bound.reason or "")
        return found


_SOME_DENIAL = "a deny that the engine does not name"


def _in_words(grant: Grant) -> str:
    return " and ".join(f"{each.field} {each.operator}" for each in grant) or "any"
