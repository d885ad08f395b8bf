"""Outcomes of a try to send a message, as its row keeps them."""

import json
from dataclasses import replace
from datetime import datetime, timedelta

from sqlalchemy import select

from colonnade.backoff import Backoff
from colonnade.decoding import storable
from colonnade.store import Session
from colonnade_notification.api import (
    DeliveryOutcome,
    DeliveryStatus,
    Postponed,
    Refused,
    Sent,
    Unreachable,
)
from colonnade_notification.config import RetryConfig
from colonnade_notification.delivery.recording import schedule
from colonnade_notification.models import NotificationRow, SuppressionRow
from colonnade_user.api import fold_email

MAXIMUM_PROBLEM = 1_000
"""Characters of a problem that are kept."""


def storable_outcome(outcome: DeliveryOutcome) -> DeliveryOutcome:
    """An outcome whose problem, the words of another's server, the store can hold."""
    if isinstance(outcome, Refused | Postponed):
        return replace(outcome, problem=storable(outcome.problem)[:MAXIMUM_PROBLEM])
    return outcome


def record_outcome(
    session: Session, row: NotificationRow, outcome: DeliveryOutcome, retry: RetryConfig
) -> None:
    """Set the status that follows from an outcome; a postponed message is scheduled again until
    its tries are used up."""
    row.attempts += 1
    if isinstance(outcome, Sent):
        row.status, row.sent_at, row.problem = DeliveryStatus.SENT, session.now, None
    elif isinstance(outcome, Unreachable):
        row.status, row.problem = DeliveryStatus.SUPPRESSED, outcome.reason
    elif isinstance(outcome, Refused):
        row.status, row.problem = DeliveryStatus.FAILED, outcome.problem[:MAXIMUM_PROBLEM]
        if outcome.bounced_address:
            _suppress(session, row, outcome)
    else:
        _postpone(session, row, outcome, retry)


def _postpone(
    session: Session, row: NotificationRow, outcome: Postponed, retry: RetryConfig
) -> None:
    row.problem = outcome.problem[:MAXIMUM_PROBLEM]
    if outcome.targets is not None:
        row.targets = json.dumps(outcome.targets)
    if row.attempts >= retry.attempts:
        row.status = DeliveryStatus.FAILED
        return
    schedule(session, row, _next_try(session.now, row.attempts, outcome.after, retry, str(row.id)))


def _next_try(
    now: datetime, attempts: int, after: timedelta | None, retry: RetryConfig, key: str
) -> datetime:
    usual = Backoff(float(retry.first), float(retry.longest), jitter=0.1).durable(attempts, key)
    wished = 0.0 if after is None else min(after.total_seconds(), 86400.0)
    return now + timedelta(seconds=max(usual, wished))


def _suppress(session: Session, row: NotificationRow, outcome: Refused) -> None:
    address = fold_email(outcome.bounced_address)
    query = select(SuppressionRow).where(
        SuppressionRow.channel == row.channel, SuppressionRow.address == address
    )
    if session.scalar(query) is None:
        session.add(
            SuppressionRow(
                channel=row.channel,
                address=address,
                reason=outcome.problem[:MAXIMUM_PROBLEM],
                user_id=row.user_id,
                created_at=session.now,
            )
        )
