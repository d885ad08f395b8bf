"""Resource types of notifications, deliveries, preferences and the like, for policies."""

from colonnade.policy import ResourceType
from colonnade_notification.models import (
    NotificationRow,
    PushSubscriptionRow,
    SettingsRow,
    SuppressionRow,
    TemplateRow,
)

NOTIFICATION = ResourceType(
    "notification",
    fields={
        "id": NotificationRow.id,
        "user_id": NotificationRow.user_id,
        "category": NotificationRow.category,
    },
)

DELIVERY = ResourceType(
    "delivery",
    fields={
        "id": NotificationRow.id,
        "user_id": NotificationRow.user_id,
        "channel": NotificationRow.channel,
        "status": NotificationRow.status,
    },
)

PREFERENCE = ResourceType("notification_preference", fields={"user_id": SettingsRow.user_id})

TEMPLATE = ResourceType("template", fields={"kind": TemplateRow.kind, "locale": TemplateRow.locale})

PUSH_SUBSCRIPTION = ResourceType(
    "push_subscription",
    fields={"id": PushSubscriptionRow.id, "user_id": PushSubscriptionRow.user_id},
)

SUPPRESSION = ResourceType(
    "suppression", fields={"id": SuppressionRow.id, "channel": SuppressionRow.channel}
)

RESOURCES = [NOTIFICATION, DELIVERY, PREFERENCE, TEMPLATE, PUSH_SUBSCRIPTION, SUPPRESSION]
