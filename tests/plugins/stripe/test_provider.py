"""Stripe as a provider, against Stripe's own mock server: requests are checked against Stripe's
OpenAPI description, and answers are examples from it."""

from collections.abc import AsyncIterator
from pathlib import Path
from types import SimpleNamespace
from uuid import uuid4

import httpx
import pytest

from colonnade.errors import Unavailable
from colonnade.money import Money
from colonnade.secrets import Secret, SecretReference
from colonnade_payment.api import NoAnswer, Outcome, ProviderAction, ProviderRequest
from colonnade_stripe.config import StripeConfig
from colonnade_stripe.provider import StripeProvider

pytestmark = pytest.mark.server

API_KEY = SecretReference.parse("env:STRIPE_KEY")
WEBHOOK = SecretReference.parse("env:STRIPE_WEBHOOK")
SECRETS = {API_KEY: Secret("sk_test_123"), WEBHOOK: Secret("whsec_test")}


def provider_at(url: str) -> StripeProvider:
    config = StripeConfig(api_key=API_KEY, webhook_secret=WEBHOOK, api_base=url)
    return StripeProvider(SimpleNamespace(config=config, secret=SECRETS.__getitem__))  # type: ignore[arg-type]


@pytest.fixture
async def provider(stripe_url: str) -> AsyncIterator[StripeProvider]:
    made = provider_at(stripe_url)
    yield made
    await made.close()


def request(action: ProviderAction, reference: str = "", amount: int = 4900) -> ProviderRequest:
    return ProviderRequest(
        action=action,
        key=f"{uuid4()}:{action}",
        tenant="acme",
        payment=str(uuid4()),
        amount=Money(amount=amount, currency="EUR"),
        method="pm_card_visa",
        reference=reference,
    )


async def test_the_mock_holds_requests_against_stripes_description(stripe_url: str) -> None:
    """Prove that the tests below mean anything."""
    async with httpx.AsyncClient(base_url=stripe_url, auth=("sk_test_123", "")) as client:
        wrong = await client.post("/v1/payment_intents", data={"amount": "much"})
    assert wrong.status_code == 400


async def test_an_authorisation_is_an_intent_with_manual_capture(provider: StripeProvider) -> None:
    record = await provider.perform(request(ProviderAction.AUTHORIZE))
    # The mock's example of an intent is one that was not confirmed: not authorised, then.
    assert record.outcome in (Outcome.SUCCEEDED, Outcome.DECLINED)
    assert record.reference.startswith("pi_")


async def test_a_capture_names_the_intent(provider: StripeProvider) -> None:
    record = await provider.perform(request(ProviderAction.CAPTURE, "pi_123"))
    assert record.outcome is Outcome.SUCCEEDED
    assert record.reference.startswith("pi_")


async def test_a_void_cancels_the_intent(provider: StripeProvider) -> None:
    record = await provider.perform(request(ProviderAction.VOID, "pi_123"))
    assert record.outcome is Outcome.SUCCEEDED


async def test_a_refund_is_of_the_intent(provider: StripeProvider) -> None:
    record = await provider.perform(request(ProviderAction.REFUND, "pi_123", 100))
    assert record.outcome is Outcome.SUCCEEDED
    assert record.reference.startswith("re_")


@pytest.mark.parametrize("action", list(ProviderAction))
async def test_what_stripe_never_got_is_not_found(
    provider: StripeProvider, action: ProviderAction
) -> None:
    reference = "" if action is ProviderAction.AUTHORIZE else "pi_123"
    assert await provider.find(request(action, reference)) is None


async def test_a_server_that_is_not_there_is_no_answer(tmp_path: Path) -> None:
    provider = provider_at("http://127.0.0.1:9")
    with pytest.raises(NoAnswer):
        await provider.perform(request(ProviderAction.CAPTURE, "pi_123"))
    await provider.close()


async def test_a_key_that_stripe_refuses_is_unavailable(stripe_url: str) -> None:
    config = StripeConfig(api_key=API_KEY, webhook_secret=WEBHOOK, api_base=stripe_url)
    context = SimpleNamespace(config=config, secret=lambda reference: Secret("no key of theirs"))
    provider = StripeProvider(context)  # type: ignore[arg-type]
    with pytest.raises(Unavailable, match="API key"):
        await provider.perform(request(ProviderAction.CAPTURE, "pi_123"))
    await provider.close()
