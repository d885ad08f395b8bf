"""Presentation: rows of the notification service as messages of its contract."""

from colonnade_notification.api import (
    Category,
    Delivery,
    DeliveryStatus,
    Notification,
    PushSubscription,
    Suppression,
    Template,
)
from colonnade_notification.models import (
    NotificationRow,
    PushSubscriptionRow,
    SuppressionRow,
    TemplateRow,
)
from colonnade_notification.wording.kinds import MessageKind
from colonnade_notification.wording.templates import MessageTemplate


def present_notification(row: NotificationRow) -> Notification:
    """A message as the app shows it."""
    return Notification(
        id=row.id,
        kind=row.kind,
        category=Category(row.category),
        title=row.title,
        body=row.body,
        link=row.link,
        created_at=row.created_at,
        read_at=row.read_at,
    )


def present_delivery(row: NotificationRow) -> Delivery:
    """A message as administrators see it, without its content."""
    return Delivery(
        id=row.id,
        user_id=row.user_id,
        kind=row.kind,
        category=Category(row.category),
        channel=row.channel,
        status=DeliveryStatus(row.status),
        attempts=row.attempts,
        problem=row.problem,
        message_id=row.message_id,
        created_at=row.created_at,
        due_at=row.due_at,
        sent_at=row.sent_at,
    )


def present_suppression(row: SuppressionRow) -> Suppression:
    """An address that takes no more mail."""
    return Suppression(
        id=row.id,
        channel=row.channel,
        address=row.address,
        reason=row.reason,
        created_at=row.created_at,
    )


def present_push_subscription(row: PushSubscriptionRow) -> PushSubscription:
    """A browser that takes push messages, without its keys."""
    return PushSubscription(
        id=row.id, endpoint=row.endpoint, label=row.label, created_at=row.created_at
    )


def present_template(
    kind: MessageKind, template: MessageTemplate, row: TemplateRow | None
) -> Template:
    """A template in use; `row` is the tenant's own, None for the platform's."""
    return Template(
        kind=kind.name,
        locale=template.locale,
        category=kind.category,
        custom=template.custom,
        subject=template.subject,
        text=template.text,
        html=template.html,
        action=template.action,
        problem=None if row is None else row.problem,
        updated_at=None if row is None else row.updated_at,
        version=None if row is None else row.version,
    )
