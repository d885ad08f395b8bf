"""Turns a decision into the WHERE of a list, so that a list shows what a read would permit."""

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import ColumnElement, and_, exists, false, literal, not_, or_, true

from colonnade.policy.binding import COMPARING, BoundGrant, Comparison, Related
from colonnade.policy.decision import Decision, Operator
from colonnade.policy.resource import ResourceType

_MOST_COMPARED = 32
"""Values of a list that are compared one by one."""


def where(decision: Decision, resource_type: ResourceType) -> ColumnElement[bool]:
    """The condition that selects exactly the rows that `permits` would permit.

    Every part of it is true or false, never null, so it may be negated and combined freely.
    """
    return decision.derived((where, resource_type), lambda: _condition(decision, resource_type))


def _condition(decision: Decision, resource_type: ResourceType) -> ColumnElement[bool]:
    bound = decision.bound_to(resource_type)
    granted = _any(bound.grants, resource_type)
    if not bound.denies:
        return granted
    return and_(granted, not_(_any(bound.denies, resource_type)))


def _any(grants: Iterable[BoundGrant], resource_type: ResourceType) -> ColumnElement[bool]:
    return or_(false(), *(_all(grant, resource_type) for grant in grants)).self_group()


def _all(grant: BoundGrant, resource_type: ResourceType) -> ColumnElement[bool]:
    comparisons = (_comparison(item, resource_type) for item in grant.comparisons)
    related = (_related(item, resource_type) for item in grant.related)
    return and_(true(), *comparisons, *related).self_group()


def _comparison(comparison: Comparison, resource_type: ResourceType) -> ColumnElement[bool]:
    column = resource_type.column(comparison.field)
    # FALSE AND NULL is FALSE: with the check for null, no comparison is ever unknown.
    return and_(column.is_not(None), _compared(comparison, column))


def _compared(comparison: Comparison, column: ColumnElement[Any]) -> ColumnElement[bool]:
    operand = comparison.operand
    if isinstance(operand, frozenset):
        values = [comparison.kind.to_column(item) for item in sorted(operand, key=repr)]
        inside = _one_of(column, values)
        return inside if comparison.operator is Operator.IN else not_(inside)
    value = literal(comparison.kind.to_column(operand), column.type)
    result: ColumnElement[bool] = COMPARING[comparison.operator](column, value)
    return result


def _one_of(column: ColumnElement[Any], values: Sequence[object]) -> ColumnElement[bool]:
    if len(values) > _MOST_COMPARED:
        return column.in_(values)
    # The text of `in_` depends on how many there are, so that it cannot be prepared.
    return or_(false(), *(column == literal(value, column.type) for value in values)).self_group()


def _related(item: Related, resource_type: ResourceType) -> ColumnElement[bool]:
    column = resource_type.column(item.field)
    rows = item.relation.rows(column, item.subject)
    return and_(column.is_not(None), exists(rows))
