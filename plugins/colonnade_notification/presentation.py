"""Presentation: rows of the notification service as messages of its contract."""

from colonnade.presentation import Presentation
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

present_notification = Presentation[NotificationRow, Notification](Notification)


present_delivery = Presentation[NotificationRow, Delivery](Delivery)


present_suppression = Presentation[SuppressionRow, Suppression](Suppression)


present_push_subscription = Presentation[PushSubscriptionRow, PushSubscription](PushSubscription)


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
