"""Hooks of the notification service."""

from collections.abc import Sequence

from colonnade.hookspecs import hookspec
from colonnade.services import ExtensionContext
from colonnade_notification.api import Channel, NotificationKind


@hookspec
def channels(ctx: ExtensionContext) -> Sequence[Channel]:  # type: ignore[empty-body]
    """Channels: ways to reach people, each a `colonnade_notification.api.Channel`."""


@hookspec
def notifications() -> Sequence[NotificationKind]:  # type: ignore[empty-body]
    """Kinds of messages that events of a plugin become, each a
    `colonnade_notification.api.NotificationKind`."""
