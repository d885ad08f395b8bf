"""Stripe's webhooks: verified by Stripe's own library, then read."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Annotated, Any, Literal

import pydantic
import stripe
from pydantic import BaseModel, ConfigDict, Field

from colonnade_payment.api import (
    Outcome,
    ProviderAction,
    ProviderNotice,
    ProviderRecord,
    WebhookSignature,
    WebhookUnreadable,
)
from colonnade_stripe.amounts import from_stripe

Id = Annotated[str, Field(min_length=1, max_length=255)]


class _Model(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)


class _Intent(_Model):
    object: Literal["payment_intent"]
    id: Id
    amount: int = Field(ge=0)
    amount_received: int = Field(0, ge=0)
    currency: str
    metadata: dict[str, str] = Field(default_factory=dict)


class _Refund(_Model):
    object: Literal["refund"]
    id: Id
    amount: int = Field(ge=0)
    currency: str
    status: str | None = None
    payment_intent: Id | None = None
    metadata: dict[str, str] | None = None


class _Data(_Model):
    object: dict[str, Any]


class _Event(_Model):
    id: Id
    type: str
    created: int
    data: _Data


def verify(body: bytes, headers: Mapping[str, str], secret: str, tolerance: float) -> None:
    """Accept what Stripe signed (https://docs.stripe.com/webhooks#verify-manually).

    Raises:
        WebhookSignature: anything else.
    """
    given = headers.get("stripe-signature", "")
    try:
        stripe.WebhookSignature.verify_header(body.decode(), given, secret, int(tolerance))
    except (stripe.SignatureVerificationError, TypeError, ValueError):
        raise WebhookSignature("The header stripe-signature does not fit, or is too old.") from None


def read_event(body: bytes) -> Sequence[ProviderNotice]:
    """What an event says about a payment; nothing when it is of another sort.

    Raises:
        WebhookUnreadable: it is not an event of the form that Stripe documents.
    """
    try:
        event = _Event.model_validate_json(body)
        return _notices(event)
    except pydantic.ValidationError:
        raise WebhookUnreadable("The body is not an event of Stripe's.") from None


def _notices(event: _Event) -> Sequence[ProviderNotice]:
    match event.type:
        case "payment_intent.succeeded":
            return [_of_intent(event, ProviderAction.CAPTURE)]
        case "payment_intent.amount_capturable_updated":
            return [_of_intent(event, ProviderAction.AUTHORIZE)]
        case "refund.created" | "refund.updated":
            return _of_refund(event)
    return []


def _of_intent(event: _Event, action: ProviderAction) -> ProviderNotice:
    intent = _Intent.model_validate(event.data.object)
    amount = intent.amount_received or intent.amount
    money = from_stripe(amount, intent.currency)
    record = ProviderRecord(action, Outcome.SUCCEEDED, intent.id, money)
    return _notice(event, intent.metadata, record, intent.id)


def _of_refund(event: _Event) -> Sequence[ProviderNotice]:
    refund = _Refund.model_validate(event.data.object)
    if refund.status != "succeeded" or refund.payment_intent is None:
        return []
    money = from_stripe(refund.amount, refund.currency)
    record = ProviderRecord(ProviderAction.REFUND, Outcome.SUCCEEDED, refund.id, money)
    return [_notice(event, refund.metadata or {}, record, refund.payment_intent)]


def _notice(
    event: _Event, metadata: Mapping[str, str], record: ProviderRecord, target: str
) -> ProviderNotice:
    return ProviderNotice(
        id=event.id,
        occurred_at=datetime.fromtimestamp(event.created, UTC),
        payment=metadata.get("colonnade_payment", ""),
        key=metadata.get("colonnade_key", ""),
        record=record,
        target=target,
    )
