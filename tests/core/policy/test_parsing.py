"""Reading a policy's answer: exact, bounded, and refusing when in doubt."""

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from colonnade.policy import Condition, Operator, RelatedTo, parse_decision
from colonnade.policy.parsing import MAX_CONDITIONS, MAX_GRANTS, MAX_LIST_VALUES, MAX_TEXT

GOOD: dict[str, Any] = {"grants": [[]], "deny": [], "masks": [], "expires_at": None}
EQ = {"field": "a", "op": "eq", "value": 1}


def parse(**changes: object) -> Any:
    return parse_decision({**GOOD, **changes}, action="quiz.read", resource_type="quiz")


def test_an_empty_grant_permits_every_object() -> None:
    """An AND of nothing holds."""
    assert parse().unconditional
    assert not parse().refused


def test_no_grant_refuses_and_says_so() -> None:
    """The reason names the action; it is the policy's answer, not a failure."""
    decision = parse(grants=[])
    assert decision.refused
    assert not decision.failed
    assert decision.reason == "No policy grants 'quiz.read' to this principal."


def test_an_empty_deny_refuses_whatever_is_granted() -> None:
    """A deny of everything needs no object to be looked at."""
    assert parse(deny=[[]]).refused


def test_a_deny_with_conditions_is_neither_a_refusal_nor_unconditional() -> None:
    """It depends on the object."""
    decision = parse(deny=[[EQ]])
    assert not decision.refused
    assert not decision.unconditional


def test_every_form_of_condition_is_read() -> None:
    """Scalars, lists and relations."""
    related = {"relation": "teaches", "subject": "ada"}
    decision = parse(
        grants=[
            [
                EQ,
                {"field": "b", "op": "not_in", "value": ["x", None]},
                {"field": "id", "op": "related", "value": related},
            ]
        ]
    )
    assert decision.grants == (
        (
            Condition("a", Operator.EQ, 1),
            Condition("b", Operator.NOT_IN, ("x", None)),
            Condition("id", Operator.RELATED, RelatedTo("teaches", "ada")),
        ),
    )


def test_the_earliest_expiry_counts() -> None:
    """Times may be of different zones."""
    decision = parse(expires_at=["2030-01-01T12:00:00Z", "2030-01-01T12:30:00+01:00"])
    assert decision.expires_at == datetime(2030, 1, 1, 11, 30, tzinfo=UTC)
    assert parse(expires_at=[]).expires_at is None
    assert parse(expires_at="2030-01-01T12:00:00Z").expires_at == datetime(
        2030, 1, 1, 12, tzinfo=UTC
    )


@pytest.mark.parametrize(
    ("changes", "where"),
    [
        ({"grants": None}, "grants is not a list"),
        ({"grants": {}}, "grants is not a list"),
        ({"grants": True}, "grants is not a list"),
        ({"grants": [{}]}, "grants[0] is not a list"),
        ({"deny": [[1]]}, "deny[0][0] is not an object"),
        ({"grants": [[{**EQ, "extra": 1}]]}, "grants[0][0] must have exactly field, op, value"),
        ({"grants": [[{"field": "a", "op": "eq"}]]}, "must have exactly field, op, value"),
        ({"grants": [[{**EQ, "op": "like"}]]}, "grants[0][0].op is no operator"),
        ({"grants": [[{**EQ, "op": 1}]]}, "grants[0][0].op is not a text"),
        ({"grants": [[{**EQ, "field": ""}]]}, "grants[0][0].field is not a text"),
        ({"grants": [[{**EQ, "value": {}}]]}, "grants[0][0].value is neither"),
        ({"grants": [[{**EQ, "value": [1]}]]}, "grants[0][0].value is neither"),
        ({"grants": [[{**EQ, "op": "in"}]]}, "grants[0][0].value is not a list"),
        ({"grants": [[{**EQ, "op": "in", "value": [[]]}]]}, "value[0] is neither"),
        ({"grants": [[{**EQ, "op": "related"}]]}, "grants[0][0].value is not an object"),
        ({"grants": [[{**EQ, "value": "x" * (MAX_TEXT + 1)}]]}, "is longer than"),
        ({"grants": [[]] * (MAX_GRANTS + 1)}, "grants has more than"),
        ({"grants": [[EQ] * (MAX_CONDITIONS + 1)]}, "grants[0] has more than"),
        ({"deny": [[{**EQ, "op": "in", "value": [1] * (MAX_LIST_VALUES + 1)}]]}, "has more than"),
        ({"masks": "email"}, "masks is not a list"),
        ({"masks": [1]}, "masks[0] is not a text"),
        ({"expires_at": "tomorrow"}, "no RFC 3339 time"),
        ({"expires_at": "2030-01-01T12:00:00"}, "has no time zone"),
        ({"expires_at": ["0001-01-01T00:00:00+14:00"]}, "out of range"),
        ({"more": 1}, "decision must have exactly"),
    ],
)
def test_a_malformed_answer_refuses_and_says_where(changes: dict[str, Any], where: str) -> None:
    """Nothing is guessed."""
    decision = parse(**changes)
    assert decision.refused
    assert decision.failed
    assert where in decision.reason


json_data = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=3),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["grants", "deny", "masks", "expires_at", "field", "op", "value"]),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@given(json_data)
def test_whatever_the_engine_returns_nothing_is_raised(data: object) -> None:
    """And what is no decision is a refusal."""
    decision = parse_decision(data, action="quiz.read", resource_type="quiz")
    assert decision.refused or (isinstance(data, dict) and data["grants"])
