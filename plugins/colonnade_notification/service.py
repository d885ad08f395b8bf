"""Assembly of the notification service: its channels, handlers, reactions and saga steps."""

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
from colonnade_notification.delivery.composing import MessageComposer
from colonnade_notification.delivery.retention import NotificationRetention
from colonnade_notification.delivery.steps import DeliverySteps
from colonnade_notification.handlers.deliveries import DeliveryHandlers
from colonnade_notification.handlers.notifications import NotificationHandlers
from colonnade_notification.handlers.preferences import PreferenceHandlers
from colonnade_notification.handlers.push_subscriptions import PushSubscriptionHandlers
from colonnade_notification.handlers.suppressions import SuppressionHandlers
from colonnade_notification.handlers.templates import TemplateHandlers
from colonnade_notification.handlers.unsubscriptions import UnsubscriptionHandlers
from colonnade_notification.plugin_reactions import plugin_reactions
from colonnade_notification.reactions import AccountReactions, CourseReactions, PaymentReactions
from colonnade_notification.wording.catalogue import MessageCatalogue
from colonnade_notification.wording.rendering import MessageRenderer


def first_party_channels(ctx: NotificationContext) -> list[Channel]:
    """The channels of this plugin, offered by the hook that other plugins use too."""
    config = ctx.config
    return [InAppChannel(), EmailChannel(ctx, config), PushChannel(ctx, config)]


@asynccontextmanager
async def notification_service(ctx: NotificationContext) -> AsyncIterator[Sequence[object]]:
    """Create the objects that handle operations and events; nothing needs tearing down.

    Raises:
        ConfigurationError: production leaves to a default what it must declare, or what plugins
            bring cannot be used together.
    """
    config = ctx.config
    missing = undeclared(config) if ctx.production else []
    if missing:
        names = ", ".join(f"services.notification.config.{name}" for name in missing)
        raise ConfigurationError(f"In production, declare {names}.")
    channels = _distinct([one for found in ctx.extensions("channels") for one in found])
    brought = [one for found in ctx.extensions("notifications") for one in found]
    catalogue = MessageCatalogue(brought)
    addresses = Addresses(ctx, config)
    renderer = MessageRenderer(ctx)
    announcer = Announcer(ctx, channels, renderer, addresses, catalogue)
    composer = MessageComposer(ctx, renderer, addresses, catalogue)
    yield [
        NotificationHandlers(ctx),
        PreferenceHandlers(ctx, channels, catalogue),
        UnsubscriptionHandlers(ctx, timedelta(seconds=float(config.unsubscribe_links)), catalogue),
        TemplateHandlers(ctx, catalogue),
        PushSubscriptionHandlers(ctx, config.push),
        DeliveryHandlers(ctx),
        SuppressionHandlers(ctx),
        AccountReactions(announcer),
        CourseReactions(ctx, announcer),
        PaymentReactions(ctx, announcer),
        plugin_reactions(brought, announcer),
        NotificationRetention(ctx, config),
        DeliverySteps(ctx, channels, composer, config.retry, catalogue, addresses.sender_domain),
    ]


def _distinct(channels: list[Channel]) -> list[Channel]:
    names = [channel.info.name for channel in channels]
    for name in names:
        if names.count(name) > 1:
            raise ConfigurationError(f"Two enabled plugins bring a channel '{name}'.")
    return channels
