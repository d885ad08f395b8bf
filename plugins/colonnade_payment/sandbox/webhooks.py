"""Webhooks of the sandbox, written, signed and read."""

from datetime import UTC, datetime
from typing import Annotated, Literal
from uuid import UUID

import pydantic
from pydantic import StringConstraints

from colonnade.messages import Message
from colonnade.money import Money
from colonnade_payment.api import (
    Outcome,
    ProviderAction,
    ProviderNotice,
    ProviderRecord,
    WebhookUnreadable,
)
from colonnade_payment.providers.signatures import signature_of
from colonnade_payment.sandbox.file import Act

Word = Annotated[str, StringConstraints(max_length=255)]


class SandboxWebhook(Message):
    """Body of a webhook."""

    type: Literal["authorize", "capture", "void", "refund"]
    occurred_at: datetime
    payment: UUID
    key: Word
    outcome: Literal["succeeded", "declined", "pending"]
    reference: Word
    amount: Money
    reason: Word = ""
    message: Word = ""


def webhook_body(act: Act) -> bytes:
    """Write the body of the webhook for an act."""
    record = act.record
    return SandboxWebhook(
        type=record.action.value,
        occurred_at=datetime.fromtimestamp(act.effective_at, UTC),
        payment=UUID(act.payment),
        key=act.key,
        outcome=record.outcome.value,
        reference=record.reference,
        amount=record.amount,
        reason=record.reason,
        message=record.message,
    ).encode()


def signed_webhook(secret: str, act: Act, now: datetime) -> tuple[dict[str, str], bytes]:
    """Write the headers and the body of the webhook for an act; its id is the same each time."""
    body = webhook_body(act)
    identifier, timestamp = f"evt_{act.record.reference}", int(now.timestamp())
    headers = {
        "content-type": "application/json",
        "webhook-id": identifier,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": signature_of(secret, identifier, timestamp, body),
    }
    return headers, body


def read_notice(identifier: str, body: bytes) -> ProviderNotice:
    """Read the body of a webhook.

    Raises:
        WebhookUnreadable: it is not one of ours.
    """
    try:
        notice = SandboxWebhook.decode(body)
    except pydantic.ValidationError:
        raise WebhookUnreadable("The body is not a notice of the sandbox.") from None
    return ProviderNotice(
        id=identifier,
        occurred_at=notice.occurred_at,
        payment=str(notice.payment),
        key=notice.key,
        record=ProviderRecord(
            action=ProviderAction(notice.type),
            outcome=Outcome(notice.outcome),
            reference=notice.reference,
            amount=notice.amount,
            reason=notice.reason,
            message=notice.message,
        ),
    )
