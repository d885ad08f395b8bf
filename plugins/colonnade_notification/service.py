"""The notification service: what its handlers, reactions and saga steps are made of."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta

from colonnade.errors import ConfigurationError
from colonnade_notification.addressing.addresses import Addresses
from colonnade_notification.api import Channel
from colonnade_notification.channels.email.channel import EmailChannel
from colonnade_notification.channels.in_app import InAppChannel
from colonnade_notification.channels.push.channel import PushChannel
from colonnade_notification.config import NotificationContext, undeclared
from colonnade_notification.delivery.announcer import Announcer
from colonnade_notification.delivery.retention import Keeping
from colonnade_notification.delivery.sending import Sending
from colonnade_notification.handlers.deliveries import DeliveryHandlers
from colonnade_notification.handlers.notifications import Inbox
from colonnade_notification.handlers.preferences import PreferenceHandlers
from colonnade_notification.handlers.push_subscriptions import PushSubscriptions
from colonnade_notification.handlers.templates import TemplateHandlers
from colonnade_notification.handlers.unsubscriptions import Unsubscribing
from colonnade_notification.reactions import AccountNews, CourseNews, MoneyNews


def first_party_channels(ctx: NotificationContext) -> list[Channel]:
    """The channels that this plugin brings, by the hook that anybody's come by."""
    config = ctx.config
    return [InAppChannel(), EmailChannel(ctx, config), PushChannel(ctx, config)]


@asynccontextmanager
async def notification_service(ctx: NotificationContext) -> AsyncIterator[Sequence[object]]:
    """The objects that handle operations and events; nothing needs tearing down.

    Raises:
        ConfigurationError: production leaves to a default what it must declare, or two
            channels have one name.
    """
    config = ctx.config
    missing = undeclared(config) if ctx.production else []
    if missing:
        names = ", ".join(f"services.notification.config.{name}" for name in missing)
        raise ConfigurationError(f"In production, declare {names}.")
    channels = _distinct([one for found in ctx.extensions("channels") for one in found])
    addresses = Addresses(ctx, config)
    announcer = Announcer(ctx, channels, addresses)
    yield [
        Inbox(ctx),
        PreferenceHandlers(ctx, channels),
        Unsubscribing(ctx, timedelta(seconds=float(config.unsubscribe_links))),
        TemplateHandlers(ctx),
        PushSubscriptions(ctx, config.push),
        DeliveryHandlers(ctx),
        AccountNews(announcer),
        CourseNews(ctx, announcer),
        MoneyNews(ctx, announcer),
        Keeping(ctx, config),
        Sending(ctx, channels, announcer, addresses, config.retry),
    ]


def _distinct(channels: list[Channel]) -> list[Channel]:
    names = [channel.info.name for channel in channels]
    for name in names:
        if names.count(name) > 1:
            raise ConfigurationError(f"Two enabled plugins bring a channel '{name}'.")
    return channels
