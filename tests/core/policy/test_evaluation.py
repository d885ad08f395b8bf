"""Deciding about one object: what is asked, in which order, and what refuses."""

from typing import Any
from uuid import UUID

import pytest
from policy_vocabulary import COURSE, CourseRow, TeachesRow
from sqlalchemy import Column, Float, LargeBinary, MetaData, String, Table

from colonnade.policy import (
    Outcome,
    Relation,
    ResourceType,
    denials_of,
    evaluate,
    parse_decision,
    permits,
)

COURSE_ID = UUID(int=7)
ADA = UUID(int=1)
DRAFT: dict[str, object] = {"id": COURSE_ID, "status": "draft", "owner_id": None, "seats": 3}
TEACHES = {
    "field": "id",
    "op": "related",
    "value": {"relation": "teaches", "subject": str(ADA)},
}


def decision(grants: list[Any], deny: list[Any] | None = None) -> Any:
    data = {"grants": grants, "deny": deny or [], "masks": [], "expires_at": None}
    return parse_decision(data, action="course.read", resource_type="course")


def condition(field: str, op: str, value: object) -> dict[str, object]:
    return {"field": field, "op": op, "value": value}


class Projection:
    """Answers with what it was made with, and remembers who asked."""

    def __init__(self, answer: bool) -> None:
        self.answer = answer
        self.asked: list[tuple[str, object, object]] = []

    def __call__(self, relation: str, object_value: object, subject: object) -> bool:
        self.asked.append((relation, object_value, subject))
        return self.answer


def test_a_relation_is_not_asked_when_the_fields_permit() -> None:
    """The projection is read only when it decides."""
    projection = Projection(False)
    grants = [[TEACHES], [condition("status", "eq", "draft")]]
    assert permits(decision(grants), COURSE, DRAFT, projection)
    assert projection.asked == []


def test_a_relation_is_not_asked_when_the_fields_refuse() -> None:
    """Nor when another condition of the same grant fails."""
    projection = Projection(True)
    grants = [[TEACHES, condition("status", "eq", "published")]]
    assert not permits(decision(grants), COURSE, DRAFT, projection)
    assert projection.asked == []


def test_a_relation_decides_when_nothing_else_does() -> None:
    """It is asked with the object's value and the coerced subject, once."""
    projection = Projection(True)
    assert permits(decision([[TEACHES]]), COURSE, DRAFT, projection)
    assert projection.asked == [("teaches", COURSE_ID, str(ADA))]


def test_without_a_projection_the_need_for_one_is_said() -> None:
    """A cache learns that it cannot decide alone."""
    assert evaluate(decision([[TEACHES]]), COURSE, DRAFT) is Outcome.NEEDS_RELATIONS


def test_a_deny_that_needs_a_projection_is_said_too() -> None:
    """An unconditional grant is not enough then."""
    assert evaluate(decision([[]], [[TEACHES]]), COURSE, DRAFT) is Outcome.NEEDS_RELATIONS


def test_nobody_is_related_to_a_null() -> None:
    """Known without looking."""
    deputy = condition("owner_id", "related", {"relation": "deputy", "subject": str(ADA)})
    assert evaluate(decision([[deputy]]), COURSE, DRAFT) is Outcome.REFUSED
    assert evaluate(decision([[]], [[deputy]]), COURSE, DRAFT) is Outcome.PERMITTED


@pytest.mark.parametrize("op", ["eq", "ne"])
@pytest.mark.parametrize("value", [None, str(ADA)])
def test_a_null_satisfies_no_condition(op: str, value: object) -> None:
    """Neither in a grant nor in a deny, on either side."""
    compared = condition("owner_id", op, value)
    assert evaluate(decision([[compared]]), COURSE, DRAFT) is Outcome.REFUSED
    assert evaluate(decision([[]], [[compared]]), COURSE, DRAFT) is Outcome.PERMITTED


@pytest.mark.parametrize(
    ("broken", "reason"),
    [
        (condition("colour", "eq", "red"), "'course' has no field 'colour'"),
        (condition("status", "lt", "draft"), "'lt' does not apply to 'status'"),
        (
            condition("id", "related", {"relation": "owns", "subject": "x"}),
            "'course' has no relation 'owns'",
        ),
        (
            condition("status", "related", {"relation": "teaches", "subject": "x"}),
            "relation 'teaches' is about a uuid, and field 'status' holds a text",
        ),
    ],
)
def test_a_condition_that_cannot_be_read_refuses_everything(
    broken: dict[str, object], reason: str
) -> None:
    """Also beside an unconditional grant, and also in a deny; the reason says which it is."""
    for grants, deny in (([[], [broken]], []), ([[]], [[broken]])):
        checked = decision(grants, deny)
        assert evaluate(checked, COURSE, DRAFT) is Outcome.REFUSED
        assert reason in str(checked.bound_to(COURSE).reason)


def test_a_value_that_does_not_fit_satisfies_no_grant() -> None:
    """The other grants count."""
    misfit = condition("seats", "ne", "three")
    assert evaluate(decision([[misfit]]), COURSE, DRAFT) is Outcome.REFUSED
    assert evaluate(decision([[misfit], []]), COURSE, DRAFT) is Outcome.PERMITTED


def test_a_value_that_does_not_fit_refuses_everything_in_a_deny() -> None:
    """A deny never falls silent."""
    checked = decision([[]], [[condition("seats", "eq", "three")]])
    assert evaluate(checked, COURSE, DRAFT) is Outcome.REFUSED
    assert "does not fit" in str(checked.bound_to(COURSE).reason)


def test_an_attribute_that_is_missing_satisfies_no_grant_and_refuses_in_a_deny() -> None:
    """A cache that forgot a field permits nothing by it."""
    public = condition("public", "eq", True)
    assert evaluate(decision([[public]]), COURSE, DRAFT) is Outcome.REFUSED
    assert evaluate(decision([[]], [[public]]), COURSE, DRAFT) is Outcome.REFUSED


def test_a_decision_about_something_else_refuses() -> None:
    """A decision is bound to its resource type."""
    other = ResourceType("lesson", fields={"id": CourseRow.id})
    assert evaluate(decision([[]]), other, DRAFT) is Outcome.REFUSED


@pytest.mark.parametrize(
    "column",
    [Column("x", Float), Column("x", LargeBinary), Column("x", String(collation="NOCASE"))],
)
def test_a_field_that_python_and_sql_compare_differently_is_refused(column: Column[Any]) -> None:
    """When the resource type is declared, naming the field."""
    with pytest.raises(ValueError, match="Field 'x' of resource type 'thing'"):
        ResourceType("thing", fields={"x": column})


def test_a_relation_on_a_column_that_is_not_there_is_refused() -> None:
    """When it is declared, naming the column."""
    with pytest.raises(ValueError, match="has no column 'nonsense'"):
        Relation(TeachesRow, "course_id", "nonsense")
    with pytest.raises(ValueError, match="Column 'x' of the projection t"):
        Relation(Table("t", MetaData(), Column("x", Float), Column("y", String)), "x", "y")


def test_the_denials_that_hold_for_an_object_are_told_from_those_that_do_not() -> None:
    """For the log: the rule that denied, not those that could have."""
    deny = [
        [condition("status", "eq", "published")],
        [condition("status", "eq", "draft")],
        [TEACHES],
        [condition("owner_id", "eq", str(ADA))],
    ]
    found = denials_of(decision([[]], deny), COURSE, DRAFT, Projection(True))
    assert found == (1, 2)
    assert denials_of(decision([[]], deny), COURSE, DRAFT, Projection(False)) == (1,)
