"""Stripe's webhooks, signed as Stripe signs them."""

import hashlib
import hmac
import json
import time
from types import SimpleNamespace
from typing import Any
from uuid import uuid4

import pytest

from colonnade.money import Money
from colonnade.secrets import Secret, SecretReference
from colonnade_payment.api import (
    Outcome,
    ProviderAction,
    ProviderRequest,
    WebhookSignature,
    WebhookUnreadable,
)
from colonnade_stripe.amounts import from_stripe, to_stripe
from colonnade_stripe.config import StripeConfig
from colonnade_stripe.provider import StripeProvider
from colonnade_stripe.webhooks import read_event, verify

SECRET = "whsec_test"


def event(kind: str, **item: Any) -> bytes:
    document = {"id": "evt_1", "type": kind, "created": 1_772_366_400, "data": {"object": item}}
    return json.dumps(document).encode()


def intent(**more: Any) -> dict[str, Any]:
    metadata = {"colonnade_payment": "p-1", "colonnade_key": "p-1:capture"}
    whole = {"object": "payment_intent", "id": "pi_1", "amount": 4900, "currency": "eur"}
    return {**whole, "metadata": metadata, **more}


def refund(**more: Any) -> dict[str, Any]:
    whole = {"object": "refund", "id": "re_1", "amount": 900, "currency": "eur"}
    return {**whole, "status": "succeeded", "payment_intent": "pi_1", **more}


def header(body: bytes, at: float, secret: str = SECRET) -> str:
    signed = f"{int(at)}.{body.decode()}"
    signature = hmac.new(secret.encode(), signed.encode(), hashlib.sha256).hexdigest()
    return f"t={int(at)},v1={signature}"


def test_what_stripe_signed_is_accepted() -> None:
    body = event("payment_intent.succeeded", **intent())
    verify(body, {"stripe-signature": header(body, time.time())}, SECRET, 300)


@pytest.mark.parametrize("given", ["", "t=1", "v1=abc", "t=x,v1=y", "t=1,v1=ü", "=,=,="])
def test_anything_else_is_refused(given: str) -> None:
    with pytest.raises(WebhookSignature):
        verify(b"{}", {"stripe-signature": given}, SECRET, 300)


def test_an_old_one_another_secret_and_another_body_are_refused() -> None:
    body, now = event("payment_intent.succeeded", **intent()), time.time()
    for given, sent in (
        (header(body, now - 301), body),
        (header(body, now, "whsec_other"), body),
        (header(body, now), body + b" "),
    ):
        with pytest.raises(WebhookSignature):
            verify(sent, {"stripe-signature": given}, SECRET, 300)


def test_a_capture_says_which_payment_it_is_of() -> None:
    [notice] = read_event(event("payment_intent.succeeded", **intent(amount_received=4900)))
    assert (notice.id, notice.payment, notice.key) == ("evt_1", "p-1", "p-1:capture")
    assert notice.record.action is ProviderAction.CAPTURE
    assert notice.record.amount == Money(amount=4900, currency="EUR")


def test_a_refund_from_the_dashboard_is_found_by_its_intent() -> None:
    [notice] = read_event(event("refund.created", **refund()))
    assert (notice.payment, notice.target, notice.record.reference) == ("", "pi_1", "re_1")


def test_a_refund_that_has_not_succeeded_says_nothing() -> None:
    assert read_event(event("refund.updated", **refund(status="pending"))) == []


def test_an_event_of_another_sort_says_nothing() -> None:
    assert read_event(event("customer.created", object="customer", id="cus_1")) == []


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"{}",
        b"\xff",
        b'{"type": 7}',
        b'{"type": "payment_intent.succeeded"}',
        b'{"type": "refund.created", "id": "evt_1", "created": 1, "data": {"object": []}}',
        event("payment_intent.succeeded", **intent(currency="std")),
        event("payment_intent.succeeded", **intent(amount="much")),
    ],
)
def test_nonsense_and_what_cannot_be_read_of_ours_is_unreadable(body: bytes) -> None:
    with pytest.raises(WebhookUnreadable):
        read_event(body)


@pytest.mark.parametrize("currency", ["usd", "xcg", "std", "usdc", "", "€"])
@pytest.mark.parametrize("metadata", [None, {}, {"order": "7"}, {"colonnade_payment": ""}])
def test_what_another_application_charges_concerns_no_payment_of_ours(
    currency: str, metadata: dict[str, str] | None
) -> None:
    body = event("payment_intent.succeeded", **intent(metadata=metadata, currency=currency))
    assert [notice.payment for notice in read_event(body)] in ([], [""])


@pytest.mark.parametrize(
    "body",
    [
        event("payment_intent.succeeded"),
        event("refund.created", id=5),
        event("payment_intent.succeeded", **intent(metadata={}, amount=10**30)),
        event("refund.updated", **refund(metadata=None, currency="points")),
        event("refund.created", **refund(metadata={}, payment_intent=None, charge="ch_1")),
        b'{"object": "v2.core.event", "type": "v1.billing.meter.error", "created": "2026-01-01"}',
    ],
)
def test_what_another_application_sends_is_taken_and_passed_over(body: bytes) -> None:
    assert read_event(body) == []


@pytest.mark.parametrize(
    ("money", "counted"),
    [
        (Money(amount=4900, currency="EUR"), (4900, "eur")),
        (Money(amount=500, currency="JPY"), (500, "jpy")),
        (Money(amount=500, currency="ISK"), (50000, "isk")),
        (Money(amount=5000, currency="KWD"), (5000, "kwd")),
        (Money(amount=4900, currency="MGA"), (49, "mga")),
    ],
)
def test_amounts_are_counted_as_stripe_does(money: Money, counted: tuple[int, str]) -> None:
    assert to_stripe(money) == counted
    assert from_stripe(*counted) == money


async def test_what_stripe_has_no_number_for_is_declined_before_it_is_asked() -> None:
    config = StripeConfig(
        api_key=SecretReference.parse("env:STRIPE_KEY"),
        webhook_secret=SecretReference.parse("env:STRIPE_WEBHOOK"),
        api_base="http://127.0.0.1:9",
    )
    context = SimpleNamespace(config=config, secret=lambda _: Secret("sk_test_123"))
    provider = StripeProvider(context)  # type: ignore[arg-type]
    money = Money(amount=4950, currency="MGA")
    asked = ProviderRequest(ProviderAction.AUTHORIZE, "k", "acme", str(uuid4()), money, "pm_card")
    try:
        record = await provider.perform(asked)
    finally:
        await provider.close()
    assert (record.outcome, record.reason) == (Outcome.DECLINED, "amount_not_charged")
    assert record.message == "Stripe takes whole MGA only, not 49.50 MGA."
