"""Checks a decision against a resource type, once, so that Python and SQL read it alike.

Where a condition cannot be read (an unknown field, operator or relation), everything is refused
for that resource type. A value that does not fit its column never satisfies a grant; in a deny,
which must not fall silent, it refuses everything too.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from operator import eq, ge, gt, le, lt, ne
from typing import Any, TypeAlias

from colonnade.policy.coercion import ColumnValue, Misfit, ValueKind
from colonnade.policy.decision import Condition, Decision, Grant, Operator, RelatedTo
from colonnade.policy.resource import Relation, ResourceType

Operand: TypeAlias = ColumnValue | frozenset[ColumnValue]

ORDERING: dict[Operator, Callable[[Any, Any], Any]] = {
    Operator.LT: lt,
    Operator.LTE: le,
    Operator.GT: gt,
    Operator.GTE: ge,
}
COMPARING: dict[Operator, Callable[[Any, Any], Any]] = {
    Operator.EQ: eq,
    Operator.NE: ne,
    **ORDERING,
}


@dataclass(frozen=True, slots=True)
class Comparison:
    """A condition that the object's own fields decide; `operand` is already a column value."""

    field: str
    operator: Operator
    kind: ValueKind
    operand: Operand


@dataclass(frozen=True, slots=True)
class Related:
    """A condition that a projection decides."""

    field: str
    kind: ValueKind
    name: str
    relation: Relation
    subject: ColumnValue


@dataclass(frozen=True, slots=True)
class BoundGrant:
    """An AND, the cheap part apart from the part that reads a projection."""

    comparisons: tuple[Comparison, ...]
    related: tuple[Related, ...]


@dataclass(frozen=True, slots=True)
class BoundDecision:
    """A decision in the terms of one resource type; no grant means refused, `reason` says why.

    `unreadable` tells a policy with a mistake, which an operator has to hear of, from a plain no.
    """

    grants: tuple[BoundGrant, ...]
    denies: tuple[BoundGrant, ...]
    reason: str | None = None
    unreadable: bool = False


class _Unreadable(Exception):
    """A condition that refuses the whole decision; the message is the reason."""


class _NeverHolds(Exception):
    """A condition that no object satisfies; `misfit` when its value does not fit the column."""

    def __init__(self, reason: str, *, misfit: bool) -> None:
        super().__init__(reason)
        self.misfit = misfit


def bind(decision: Decision, resource_type: ResourceType) -> BoundDecision:
    """The decision in the terms of `resource_type`. Never raises: what cannot be read refuses."""
    if decision.resource_type != resource_type.name:
        return _refusal(
            f"The decision is about '{decision.resource_type}', not '{resource_type.name}'."
        )
    if not decision.grants:
        return _refusal(decision.reason or f"No policy grants '{decision.action}'.")
    try:
        denies = tuple(_denies(decision.denies, resource_type))
        grants = tuple(_grants(decision.grants, resource_type))
    except _Unreadable as error:
        return BoundDecision((), (), f"Policy for '{decision.action}': {error}.", unreadable=True)
    if not grants:
        return _refusal(f"No grant of '{decision.action}' can hold: its values fit no field.")
    return BoundDecision(grants, denies)


def _refusal(reason: str) -> BoundDecision:
    return BoundDecision((), (), reason)


def _grants(grants: Iterable[Grant], resource_type: ResourceType) -> Iterable[BoundGrant]:
    for grant in grants:
        # Every condition is read even when one never holds, so that a misspelt name always shows.
        bound = [_attempt(condition, resource_type) for condition in grant]
        if not any(isinstance(item, _NeverHolds) for item in bound):
            yield _bound_grant(bound)


def _denies(denies: Iterable[Grant], resource_type: ResourceType) -> Iterable[BoundGrant]:
    for deny in denies:
        bound = [_attempt(condition, resource_type) for condition in deny]
        never = [item for item in bound if isinstance(item, _NeverHolds)]
        for item in never:
            # A grant that cannot hold permits less than was meant, which fails closed. A deny that
            # cannot hold would permit more, so a value that does not fit refuses everything. A null
            # is no misfit: nothing equals it, in SQL and here.
            if item.misfit:
                raise _Unreadable(f"a deny cannot be applied, {item}")
        if not never:
            yield _bound_grant(bound)


def _bound_grant(items: Iterable[Comparison | Related | _NeverHolds]) -> BoundGrant:
    parts = tuple(items)
    return BoundGrant(
        tuple(part for part in parts if isinstance(part, Comparison)),
        tuple(part for part in parts if isinstance(part, Related)),
    )


def _attempt(
    condition: Condition, resource_type: ResourceType
) -> Comparison | Related | _NeverHolds:
    kind = resource_type.kinds.get(condition.field)
    if kind is None:
        raise _Unreadable(f"'{resource_type.name}' has no field '{condition.field}'")
    try:
        if condition.operator is Operator.RELATED:
            return _related(condition, kind, resource_type)
        return Comparison(condition.field, condition.operator, kind, _operand(condition, kind))
    except _NeverHolds as never:
        return never


def _related(condition: Condition, kind: ValueKind, resource_type: ResourceType) -> Related:
    value = condition.value
    if not isinstance(value, RelatedTo):
        raise _Unreadable(f"'related' on '{condition.field}' names no relation and subject")
    relation = resource_type.relations.get(value.relation)
    if relation is None:
        raise _Unreadable(f"'{resource_type.name}' has no relation '{value.relation}'")
    if relation.object_kind.name != kind.name:
        raise _Unreadable(
            f"relation '{value.relation}' is about a {relation.object_kind.name}, "
            f"and field '{condition.field}' holds a {kind.name}"
        )
    subject = _coerced(value.subject, relation.subject_kind, condition)
    return Related(condition.field, kind, value.relation, relation, subject)


def _operand(condition: Condition, kind: ValueKind) -> Operand:
    value = condition.value
    if condition.operator in ORDERING and not kind.ordered:
        raise _Unreadable(f"'{condition.operator}' does not apply to '{condition.field}'")
    if condition.operator in {Operator.IN, Operator.NOT_IN}:
        if not isinstance(value, tuple):
            raise _Unreadable(f"'{condition.operator}' on '{condition.field}' needs a list")
        # A null in the list equals nothing, as everywhere.
        return frozenset(_coerced(item, kind, condition) for item in value if item is not None)
    if condition.operator not in COMPARING or isinstance(value, tuple | RelatedTo):
        raise _Unreadable(f"'{condition.operator}' on '{condition.field}' needs one value")
    if value is None:
        raise _NeverHolds(f"'{condition.field}' is compared with null", misfit=False)
    return _coerced(value, kind, condition)


def _coerced(value: object, kind: ValueKind, condition: Condition) -> ColumnValue:
    try:
        return kind.coerce(value)
    except Misfit as error:
        raise _NeverHolds(
            f"the value for '{condition.field}' does not fit: {error}", misfit=True
        ) from None
