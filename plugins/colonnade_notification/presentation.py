"""Presentation: rows of the notification service as messages of its contract."""

from colonnade.presentation import present
from colonnade_notification.api import (
    Delivery,
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
    """Present a message as the app shows it."""
    return present(Notification, row)


def present_delivery(row: NotificationRow) -> Delivery:
    """Present a message as administrators see it, without its content."""
    return present(Delivery, row)


def present_suppression(row: SuppressionRow) -> Suppression:
    """Present an address that takes no more mail."""
    return present(Suppression, row)


def present_push_subscription(row: PushSubscriptionRow) -> PushSubscription:
    """Present a browser that takes push messages, without its keys."""
    return present(PushSubscription, row)


def present_template(
    kind: MessageKind, template: MessageTemplate, row: TemplateRow | None
) -> Template:
    """Present a template in use; `row` is the tenant's own, None for the platform's."""
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
