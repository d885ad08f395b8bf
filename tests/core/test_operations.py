"""Calls: who acts, and what a handler may ask of them."""

from uuid import UUID

import pytest

from colonnade.context import Context, Principal, PrincipalKind
from colonnade.errors import Forbidden
from colonnade.messages import Empty, Request
from colonnade.operations import Call, operation, operation_of
from colonnade.policy import Decision

PERSON = UUID("0197a000-0000-7000-8000-000000000001")

USER = Principal(PrincipalKind.USER, str(PERSON))
NO_PEOPLE = (
    Principal.anonymous(),
    Principal.service("payment"),
    Principal(PrincipalKind.API_KEY, str(PERSON)),
)


@operation("tea", action="tea.pour")
class PourTea(Request[Empty]):
    """Pour tea."""


ANYTHING = Decision("tea.pour", "tea", grants=((),))


def call_of(principal: Principal, decision: Decision = ANYTHING) -> Call:
    context = Context("oxford", principal, deadline=0.0, request_id="r")
    return Call(context, operation_of(PourTea), decision, decision)


def test_a_person_acts_with_their_account() -> None:
    call = call_of(USER)
    assert call.person_id == PERSON
    assert call.require_person() == PERSON


@pytest.mark.parametrize("principal", NO_PEOPLE, ids=lambda principal: str(principal.kind))
def test_nobody_else_has_an_account(principal: Principal) -> None:
    """An API key's id may look like an account's."""
    call = call_of(principal)
    assert call.person_id is None
    with pytest.raises(Forbidden, match="Only a person can do this; sign in as one"):
        call.require_person()
    with pytest.raises(Forbidden, match="Only guests drink tea"):
        call.require_person("Only guests drink tea.")


def test_a_call_without_an_object_is_applied_and_says_why() -> None:
    call = call_of(USER)
    assert not call.applied

    call.permit_without_object("nothing is poured before the water boils")

    assert call.applied
    assert call.without_object == "nothing is poured before the water boils"


def test_an_answer_that_asked_who_acts_is_nobody_elses() -> None:
    call = call_of(USER)
    call.require_person()
    assert call.personal
