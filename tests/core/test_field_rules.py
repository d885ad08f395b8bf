"""Rules over several fields: what is refused is what the schema says, neither more nor less."""

from typing import Any, Literal

import jsonschema_rs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from colonnade.errors import ValidationFailed
from colonnade.field_rules import AtMostOne, ChosenBy, ExactlyOne, MoreThanNothing
from colonnade.messages import Empty, Request
from colonnade.money import Money


class Reduction(Request[Empty]):
    __rules__ = (ExactlyOne("percent", "amount"), MoreThanNothing("amount"))

    percent: int | None = None
    amount: Money | None = None


class Making(Request[Empty]):
    __rules__ = (ChosenBy("kind", {"text": "body", "link": "url"}, "content"),)

    kind: Literal["text", "link"]
    body: str | None = None
    url: str | None = None


class Change(Request[Empty]):
    __rules__ = (AtMostOne("body", "url", "file"),)

    body: str | None = None
    url: str | None = None
    file: str | None = None


TEXT = st.none() | st.sampled_from(["a", "b"])
MONEY = st.fixed_dictionaries({"amount": st.integers(0, 2), "currency": st.just("EUR")})
VALUES: dict[type[Request[Empty]], st.SearchStrategy[dict[str, Any]]] = {
    Reduction: st.fixed_dictionaries(
        {}, optional={"percent": st.none() | st.integers(1, 9), "amount": st.none() | MONEY}
    ),
    Making: st.fixed_dictionaries(
        {"kind": st.sampled_from(["text", "link"])}, optional={"body": TEXT, "url": TEXT}
    ),
    Change: st.fixed_dictionaries({}, optional={"body": TEXT, "url": TEXT, "file": TEXT}),
}


def refused(request: Request[Empty]) -> list[tuple[str, str]]:
    """The pointers and codes with which a request is refused."""
    try:
        request.check_rules()
    except ValidationFailed as error:
        return [(field.pointer, field.code) for field in error.fields]
    return []


@pytest.mark.parametrize("model", VALUES, ids=lambda model: model.__name__)
def test_the_schema_takes_what_the_rules_take(model: type[Request[Empty]]) -> None:
    validator = jsonschema_rs.validator_for(model.model_json_schema())

    @given(VALUES[model])
    def agrees(values: dict[str, Any]) -> None:
        assert validator.is_valid(values) is not bool(refused(model.model_validate(values)))

    agrees()


def test_what_is_wrong_is_pointed_to() -> None:
    assert refused(Reduction()) == [("/percent", "either")]
    euros = Money(amount=0, currency="EUR")
    assert refused(Reduction(percent=5, amount=euros)) == [
        ("/percent", "either"),
        ("/amount/amount", "greater_than"),
    ]
    assert refused(Making(kind="link", body="a")) == [
        ("/body", "wrong_kind"),
        ("/url", "missing"),
    ]
    assert refused(Change(body="a", file="b")) == [("/file", "wrong_kind")]


def test_a_request_without_rules_has_none_in_its_schema() -> None:
    assert "allOf" not in Request[Empty].model_json_schema()
