"""Stripe's PaymentIntents with manual capture, as a `PaymentProvider`.

Stripe itself does a request once per idempotency key. Its errors are told apart by whether
anything can have happened: https://docs.stripe.com/error-low-level.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

import stripe

from colonnade.errors import Unavailable
from colonnade.services import ExtensionContext
from colonnade_payment.api import (
    NoAnswer,
    Outcome,
    ProviderAction,
    ProviderNotice,
    ProviderRecord,
    ProviderRequest,
)
from colonnade_stripe.amounts import AmountNotCharged, from_stripe, to_stripe
from colonnade_stripe.config import StripeConfig
from colonnade_stripe.webhooks import read_event, verify

KEY = "colonnade_key"
PAYMENT = "colonnade_payment"
TENANT = "colonnade_tenant"


class StripeProvider:
    """Payment provider that asks Stripe, see `colonnade_payment.api.PaymentProvider`."""

    name = "stripe"

    def __init__(self, ctx: ExtensionContext[StripeConfig]) -> None:
        self._ctx = ctx
        self._config = ctx.config
        self._http = stripe.HTTPXClient(timeout=30, allow_sync_methods=False)

    async def perform(self, request: ProviderRequest) -> ProviderRecord:
        """Act at Stripe, under the request's idempotency key."""
        acts: Mapping[ProviderAction, Callable[[ProviderRequest], Awaitable[ProviderRecord]]] = {
            ProviderAction.AUTHORIZE: self._authorize,
            ProviderAction.CAPTURE: self._capture,
            ProviderAction.VOID: self._void,
            ProviderAction.REFUND: self._refund,
        }
        try:
            return await acts[request.action](request)
        except AmountNotCharged as error:
            return _record(request, Outcome.DECLINED, "", "amount_not_charged", str(error))
        except stripe.StripeError as error:
            return _refusal(request, error)
        except Exception as error:
            raise _unreadable() from error

    async def find(self, request: ProviderRequest) -> ProviderRecord | None:
        """Find out what became of a request."""
        try:
            if request.action is ProviderAction.AUTHORIZE:
                return await self._find_authorization(request)
            if request.action is ProviderAction.REFUND:
                return await self._find_refund(request)
            intent = await self._client.v1.payment_intents.retrieve_async(request.reference)
            return _conclusion(request, intent)
        except stripe.StripeError as error:
            _refusal(request, error)
            return None
        except Exception as error:
            raise _unreadable() from error

    def notices(
        self, headers: Mapping[str, str], body: bytes, now: datetime
    ) -> Sequence[ProviderNotice]:
        """Read an event of Stripe's."""
        secret = self._ctx.secret(self._config.webhook_secret).reveal()
        verify(body, headers, secret, float(self._config.webhook_tolerance))
        return read_event(body)

    async def close(self) -> None:
        """Close the connections."""
        await self._http.close_async()  # type: ignore[no-untyped-call]

    @property
    def _client(self) -> stripe.StripeClient:
        return stripe.StripeClient(
            self._ctx.secret(self._config.api_key).reveal(),
            base_addresses={"api": self._config.api_base},
            http_client=self._http,
            # The purchase decides about trying again; a retry inside would only be slower.
            max_network_retries=0,
        )

    async def _authorize(self, request: ProviderRequest) -> ProviderRecord:
        amount, currency = to_stripe(request.amount)
        intent = await self._client.v1.payment_intents.create_async(
            {
                "amount": amount,
                "currency": currency,
                "payment_method": request.method,
                "capture_method": "manual",
                "confirm": True,
                "automatic_payment_methods": {"enabled": True, "allow_redirects": "never"},
                "metadata": _metadata(request),
            },
            {"idempotency_key": request.key},
        )
        return _authorization(request, intent)

    async def _capture(self, request: ProviderRequest) -> ProviderRecord:
        amount, _ = to_stripe(request.amount)
        intent = await self._client.v1.payment_intents.capture_async(
            request.reference, {"amount_to_capture": amount}, {"idempotency_key": request.key}
        )
        return _record(request, Outcome.SUCCEEDED, intent.id)

    async def _void(self, request: ProviderRequest) -> ProviderRecord:
        intents = self._client.v1.payment_intents
        try:
            intent = await intents.cancel_async(
                request.reference, options={"idempotency_key": request.key}
            )
        except stripe.InvalidRequestError:
            intent = await intents.retrieve_async(request.reference)
            if intent.status != "canceled":
                raise
        return _record(request, Outcome.SUCCEEDED, intent.id)

    async def _refund(self, request: ProviderRequest) -> ProviderRecord:
        amount, _ = to_stripe(request.amount)
        refund = await self._client.v1.refunds.create_async(
            {
                "payment_intent": request.reference,
                "amount": amount,
                "metadata": _metadata(request),
            },
            {"idempotency_key": request.key},
        )
        return _refund_record(request, refund)

    async def _find_authorization(self, request: ProviderRequest) -> ProviderRecord | None:
        # Search lags behind by up to a minute. What it does not find yet is asked for again
        # under the same key, which Stripe answers as the first time.
        found = await self._client.v1.payment_intents.search_async(
            {"query": f"metadata['{KEY}']:'{request.key}'", "limit": 1}
        )
        for intent in found.data:
            if _key_of(intent) == request.key:
                return _authorization(request, intent)
        return None

    async def _find_refund(self, request: ProviderRequest) -> ProviderRecord | None:
        found = await self._client.v1.refunds.list_async(
            {"payment_intent": request.reference, "limit": 100}
        )
        for refund in found.data:
            if _key_of(refund) == request.key:
                return _refund_record(request, refund)
        return None


def _metadata(request: ProviderRequest) -> dict[str, str]:
    return {KEY: request.key, PAYMENT: request.payment, TENANT: request.tenant}


def _key_of(item: Any) -> str | None:
    metadata = item.metadata
    key: str | None = None if metadata is None else metadata.to_dict().get(KEY)
    return key


def _record(
    request: ProviderRequest,
    outcome: Outcome,
    reference: str,
    reason: str = "",
    message: str = "",
) -> ProviderRecord:
    return ProviderRecord(request.action, outcome, reference, request.amount, reason, message)


def _authorization(request: ProviderRequest, intent: Any) -> ProviderRecord:
    """Read an intent that was confirmed on the spot.

    Source: https://docs.stripe.com/payments/paymentintents/lifecycle
    """
    if intent.status in ("requires_capture", "succeeded"):
        return _record(request, Outcome.SUCCEEDED, intent.id)
    if intent.status == "processing":
        return _record(request, Outcome.PENDING, intent.id)
    reason = "authentication_required" if intent.status == "requires_action" else intent.status
    message = "The method of payment needs a step that the buyer has to take."
    return _record(request, Outcome.DECLINED, intent.id, reason, message)


def _conclusion(request: ProviderRequest, intent: Any) -> ProviderRecord | None:
    wanted = "succeeded" if request.action is ProviderAction.CAPTURE else "canceled"
    if intent.status == wanted:
        return _record(request, Outcome.SUCCEEDED, intent.id)
    if intent.status == "processing":
        return _record(request, Outcome.PENDING, intent.id)
    return None


def _refund_record(request: ProviderRequest, refund: Any) -> ProviderRecord:
    if refund.status in ("failed", "canceled"):
        reason = refund.failure_reason or refund.status
        return _record(request, Outcome.DECLINED, refund.id, reason, "Stripe refused the refund.")
    # A refund that is `pending` has left the balance: it is booked, and a failure is an event.
    money = from_stripe(refund.amount, refund.currency)
    return ProviderRecord(request.action, Outcome.SUCCEEDED, refund.id, money)


def _unreadable() -> NoAnswer:
    return NoAnswer("Stripe gave no usable answer; what was asked may have happened.")


def _refusal(request: ProviderRequest, error: stripe.StripeError) -> ProviderRecord:
    """Read an error that says no as a record.

    Raises:
        Unavailable: nothing happened, and trying again may help.
        NoAnswer: something may have happened.
    """
    if isinstance(error, stripe.CardError | stripe.InvalidRequestError):
        reason = getattr(error, "decline_code", None) or error.code or "invalid_request"
        message = error.user_message or "Stripe refused the request."
        return _record(request, Outcome.DECLINED, "", reason, message)
    if isinstance(error, stripe.AuthenticationError | stripe.PermissionError):
        raise Unavailable("Stripe does not accept the API key; check plugins.stripe.config.")
    if isinstance(error, stripe.RateLimitError):
        raise Unavailable("Stripe takes no more requests at the moment.")
    raise _unreadable() from error
