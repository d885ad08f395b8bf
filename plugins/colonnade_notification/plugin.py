"""The notification service as a plugin: messages in the app, by mail and by push."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel

from colonnade.dead_letters import DeadLetterSource
from colonnade.events import Event
from colonnade.hookspecs import hookimpl
from colonnade.messages import Request
from colonnade.policy import ResourceType
from colonnade.services import PluginInfo, Schedule, ServiceContext, StoreNeed

if TYPE_CHECKING:
    from colonnade_notification.config import NotificationContext


@hookimpl
def plugin_info() -> PluginInfo:
    """Name, version and requirements of the plugin."""
    return PluginInfo(
        name="notification",
        version="0.2.0",
        service="notification",
        requires=("user", "course"),
        description="Messages in the app, by mail and by push.",
    )


@hookimpl
def config_model() -> type[BaseModel]:
    """Settings of the operator."""
    from colonnade_notification.config import NotificationConfig

    return NotificationConfig


@hookimpl
def tenant_config_model() -> type[BaseModel]:
    """Settings of a tenant."""
    from colonnade_notification.config import TenantNotificationConfig

    return TenantNotificationConfig


@hookimpl
def add_hookspecs() -> Sequence[Any]:
    """Hooks for further channels and kinds of messages."""
    from colonnade_notification import hookspecs

    return [hookspecs]


@hookimpl
def channels(ctx: "NotificationContext") -> Sequence[Any]:
    """Channels: in the app, by mail and by push."""
    from colonnade_notification.service import first_party_channels

    return first_party_channels(ctx)


@hookimpl
def create_service(ctx: "NotificationContext") -> AbstractAsyncContextManager[Sequence[object]]:
    """Handlers, reactions and saga steps."""
    from colonnade_notification.service import notification_service

    return notification_service(ctx)


@hookimpl
def operations() -> Sequence[type[Request[Any]]]:
    """Operations of the service."""
    from colonnade_notification.api import OPERATIONS

    return OPERATIONS


@hookimpl
def subscriptions() -> Sequence[type[Event]]:
    """Events that the service reacts to."""
    from colonnade_notification.reactions import SUBSCRIPTIONS

    return SUBSCRIPTIONS


@hookimpl
def extension_reactions(answers: Callable[[str], Sequence[Any]]) -> Mapping[str, type[Event]]:
    """Reactions to the events of which other plugins have a kind of message."""
    from colonnade_notification.plugin_reactions import brought_events

    return brought_events([kind for found in answers("notifications") for kind in found])


@hookimpl
def sagas() -> Sequence[Any]:
    """The saga that delivers a message."""
    from colonnade_notification.delivery.recording import DELIVERY

    return [DELIVERY]


@hookimpl
def schedules() -> Sequence[Schedule]:
    """Daily deletion of expired messages."""
    from colonnade_notification.delivery.retention import RETENTION

    return [RETENTION]


@hookimpl
def dead_letters(ctx: ServiceContext) -> Sequence[DeadLetterSource]:
    """Dead letters: messages that failed."""
    from colonnade_notification.delivery.dead_letters import DeliveryDeadLetters

    return [DeliveryDeadLetters()]


@hookimpl
def http_routes() -> Sequence[Any]:
    """HTTP routes."""
    from colonnade_notification.routes import CONTROLLERS

    return CONTROLLERS


@hookimpl
def stores() -> StoreNeed:
    """Tables and their migrations."""
    return StoreNeed(
        migrations="colonnade_notification.migrations", models="colonnade_notification.models"
    )


@hookimpl
def policies() -> Mapping[str, str]:
    """Rego files, by name."""
    folder = files("colonnade_notification") / "policies"
    return {"notification.rego": (folder / "notification.rego").read_text("utf-8")}


@hookimpl
def policy_attributes() -> Sequence[ResourceType]:
    """Attributes that policies may refer to."""
    from colonnade_notification.resources import RESOURCES

    return RESOURCES
