"""Webhooks of Stripe, verified by Stripe's own library, then read."""

from collections.abc import Callable, Mapping, Sequence
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

_LATEST = 253_402_300_799
"""The last second that a calendar has, in epoch seconds."""

_OURS = "colonnade_payment"
"""The key of an object's metadata under which it names a payment of ours."""


class _Model(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)


class _Intent(_Model):
    object: Literal["payment_intent"]
    id: Id
    amount: int = Field(ge=0)
    amount_received: int = Field(0, ge=0)
    currency: str
    metadata: dict[str, Any] | None = None


class _Refund(_Model):
    object: Literal["refund"]
    id: Id
    amount: int = Field(ge=0)
    currency: str
    status: str | None = None
    payment_intent: Id | None = None
    metadata: dict[str, Any] | None = None


class _Data(_Model):
    object: dict[str, Any]


class _Envelope(_Model):
    type: str


class _Event(_Model):
    id: Id
    type: str
    created: int = Field(ge=0, le=_LATEST)
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
    """Read what an event says about a payment; nothing when it is of another sort.

    Other applications may take money in the same account of Stripe's: what they charge, in whatever
    form and currency, says nothing here.

    Raises:
        WebhookUnreadable: it is no event, or one of a payment of ours that cannot be read.
    """
    try:
        read = _READERS.get(_Envelope.model_validate_json(body).type)
        if read is None:
            return []
        event = _Event.model_validate_json(body)
    except pydantic.ValidationError:
        raise WebhookUnreadable("The body is not an event of Stripe's.") from None
    try:
        return read(event)
    except pydantic.ValidationError:
        metadata = event.data.object.get("metadata")
        if not isinstance(metadata, dict) or not metadata.get(_OURS):
            return []
        raise WebhookUnreadable("The event is about a payment, and not of a known form.") from None


def _captured(event: _Event) -> Sequence[ProviderNotice]:
    return [_of_intent(event, ProviderAction.CAPTURE)]


def _authorized(event: _Event) -> Sequence[ProviderNotice]:
    return [_of_intent(event, ProviderAction.AUTHORIZE)]


def _of_intent(event: _Event, action: ProviderAction) -> ProviderNotice:
    intent = _Intent.model_validate(event.data.object)
    amount = intent.amount_received or intent.amount
    money = from_stripe(amount, intent.currency)
    record = ProviderRecord(action, Outcome.SUCCEEDED, intent.id, money)
    return _notice(event, intent.metadata or {}, record, intent.id)


def _of_refund(event: _Event) -> Sequence[ProviderNotice]:
    refund = _Refund.model_validate(event.data.object)
    if refund.status != "succeeded" or refund.payment_intent is None:
        return []
    money = from_stripe(refund.amount, refund.currency)
    record = ProviderRecord(ProviderAction.REFUND, Outcome.SUCCEEDED, refund.id, money)
    return [_notice(event, refund.metadata or {}, record, refund.payment_intent)]


def _notice(
    event: _Event, metadata: Mapping[str, Any], record: ProviderRecord, target: str
) -> ProviderNotice:
    return ProviderNotice(
        id=event.id,
        occurred_at=datetime.fromtimestamp(event.created, UTC),
        payment=str(metadata.get(_OURS) or ""),
        key=str(metadata.get("colonnade_key") or ""),
        record=record,
        target=target,
    )


_READERS: Mapping[str, Callable[[_Event], Sequence[ProviderNotice]]] = {
    "payment_intent.succeeded": _captured,
    "payment_intent.amount_capturable_updated": _authorized,
    "refund.created": _of_refund,
    "refund.updated": _of_refund,
}
"""Types of events that are about money of ours; every other one is of another sort."""
