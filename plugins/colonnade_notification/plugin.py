"""The notification service as a plugin: messages in the app, by mail and by push."""

from collections.abc import Mapping, Sequence
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
    """Who this is."""
    return PluginInfo(
        name="notification",
        version="0.2.0",
        service="notification",
        requires=("user", "course"),
        description="Messages in the app, by mail and by push.",
    )


@hookimpl
def config_model() -> type[BaseModel]:
    """What an operator may set."""
    from colonnade_notification.config import NotificationConfig

    return NotificationConfig


@hookimpl
def tenant_config_model() -> type[BaseModel]:
    """What a tenant may set."""
    from colonnade_notification.config import TenantNotificationConfig

    return TenantNotificationConfig


@hookimpl
def add_hookspecs() -> Sequence[Any]:
    """The hook for ways to reach people."""
    from colonnade_notification import hookspecs

    return [hookspecs]


@hookimpl
def channels(ctx: "NotificationContext") -> Sequence[Any]:
    """In the app, by mail, by push."""
    from colonnade_notification.service import first_party_channels

    return first_party_channels(ctx)


@hookimpl
def create_service(ctx: "NotificationContext") -> AbstractAsyncContextManager[Sequence[object]]:
    """The handlers, reactions and saga steps."""
    from colonnade_notification.service import notification_service

    return notification_service(ctx)


@hookimpl
def operations() -> Sequence[type[Request[Any]]]:
    """What may be asked."""
    from colonnade_notification.api import OPERATIONS

    return OPERATIONS


@hookimpl
def subscriptions() -> Sequence[type[Event]]:
    """What is listened to."""
    from colonnade_notification.reactions import SUBSCRIPTIONS

    return SUBSCRIPTIONS


@hookimpl
def sagas() -> Sequence[Any]:
    """How a message is delivered."""
    from colonnade_notification.delivery.recording import DELIVERY

    return [DELIVERY]


@hookimpl
def schedules() -> Sequence[Schedule]:
    """What is done once a day."""
    from colonnade_notification.delivery.retention import TIDYING

    return [TIDYING]


@hookimpl
def dead_letters(ctx: ServiceContext) -> Sequence[DeadLetterSource]:
    """Messages that did not get through."""
    from colonnade_notification.delivery.dead_letters import LostDeliveries

    return [LostDeliveries()]


@hookimpl
def http_routes() -> Sequence[Any]:
    """The HTTP face."""
    from colonnade_notification.routes import CONTROLLERS

    return CONTROLLERS


@hookimpl
def stores() -> StoreNeed:
    """What is kept."""
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
    """What policies may speak of."""
    from colonnade_notification.resources import RESOURCES

    return RESOURCES
