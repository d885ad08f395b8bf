"""The hooks that the notification service owns."""

from collections.abc import Sequence

from colonnade.hookspecs import hookspec
from colonnade.services import ExtensionContext
from colonnade_notification.api import Channel


@hookspec
def channels(ctx: ExtensionContext) -> Sequence[Channel]:  # type: ignore[empty-body]
    """Ways to reach people: `colonnade_notification.api.Channel`s."""
