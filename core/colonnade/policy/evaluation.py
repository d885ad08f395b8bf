"""Decides about one object, from its attributes and, only when they do not decide, relations."""

from collections.abc import Iterable, Mapping
from enum import StrEnum

from colonnade.policy.binding import COMPARING, BoundGrant, Comparison, Related
from colonnade.policy.coercion import ColumnValue, Misfit
from colonnade.policy.decision import Decision, Operator
from colonnade.policy.resource import RelatedLookup, ResourceType


class Outcome(StrEnum):
    """Outcome of a decision for one object, as far as its attributes tell."""

    PERMITTED = "permitted"
    REFUSED = "refused"
    NEEDS_RELATIONS = "needs_relations"


class _Unknown(Exception):
    """An attribute that a deny asks for is missing or unreadable."""


def evaluate(
    decision: Decision,
    resource_type: ResourceType,
    attributes: Mapping[str, object],
    related: RelatedLookup | None = None,
) -> Outcome:
    """Tell whether the object with `attributes` is permitted.

    Without `related`, the answer is `NEEDS_RELATIONS` where only a projection can tell, so that
    a cache knows which decisions it can make alone. `related` is asked last and as little as
    possible. An attribute that is missing or of another type satisfies no grant, and refuses
    when a deny asks for it.
    """
    bound = decision.bound_to(resource_type)
    grants = [grant for grant in bound.grants if _may_grant(grant, attributes)]
    if not grants:
        return Outcome.REFUSED
    try:
        denies = [deny for deny in bound.denies if _may_hold(deny, attributes)]
    except _Unknown:
        return Outcome.REFUSED
    if any(not deny.related for deny in denies):
        return Outcome.REFUSED
    if not denies and any(not grant.related for grant in grants):
        return Outcome.PERMITTED
    if related is None:
        return Outcome.NEEDS_RELATIONS
    granted = _any_related(grants, attributes, related)
    if granted and not _any_related(denies, attributes, related):
        return Outcome.PERMITTED
    return Outcome.REFUSED


def permits(
    decision: Decision,
    resource_type: ResourceType,
    attributes: Mapping[str, object],
    related: RelatedLookup,
) -> bool:
    """Tell whether the object with `attributes` is permitted, projections included."""
    return evaluate(decision, resource_type, attributes, related) is Outcome.PERMITTED


def denials_of(
    decision: Decision,
    resource_type: ResourceType,
    attributes: Mapping[str, object],
    related: RelatedLookup,
) -> tuple[int, ...]:
    """The positions of the denials that hold for an object, for the log: it costs an evaluation
    each."""
    return tuple(
        index
        for index, deny in enumerate(decision.denies)
        if not permits(
            Decision(decision.action, decision.resource_type, grants=((),), denies=(deny,)),
            resource_type,
            attributes,
            related,
        )
    )


def _may_grant(grant: BoundGrant, attributes: Mapping[str, object]) -> bool:
    try:
        return _may_hold(grant, attributes)
    except _Unknown:
        return False


def _may_hold(grant: BoundGrant, attributes: Mapping[str, object]) -> bool:
    """True when only relations are left to decide; to a null nobody is related."""
    return all(_holds(comparison, attributes) for comparison in grant.comparisons) and all(
        _attribute(item, attributes) is not None for item in grant.related
    )


def _holds(comparison: Comparison, attributes: Mapping[str, object]) -> bool:
    value = _attribute(comparison, attributes)
    if value is None:
        return False
    operand = comparison.operand
    if isinstance(operand, frozenset):
        return (value in operand) is (comparison.operator is Operator.IN)
    return bool(COMPARING[comparison.operator](value, operand))


def _attribute(
    condition: Comparison | Related, attributes: Mapping[str, object]
) -> ColumnValue | None:
    try:
        value = attributes[condition.field]
        return None if value is None else condition.kind.coerce(value)
    except (KeyError, Misfit):
        raise _Unknown from None


def _any_related(
    grants: Iterable[BoundGrant], attributes: Mapping[str, object], related: RelatedLookup
) -> bool:
    by_cost = sorted(grants, key=lambda grant: len(grant.related))
    return any(_relations_hold(grant, attributes, related) for grant in by_cost)


def _relations_hold(
    grant: BoundGrant, attributes: Mapping[str, object], related: RelatedLookup
) -> bool:
    for item in grant.related:
        value = _attribute(item, attributes)
        if value is None or not related(item.name, value, item.subject):
            return False
    return True
