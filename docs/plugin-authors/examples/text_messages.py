"""A channel of one's own: text messages, by a provider that takes JSON over HTTP."""

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

import httpx
from pydantic import BaseModel, ConfigDict

from colonnade.hookspecs import hookimpl
from colonnade.secrets import SecretReference
from colonnade.services import ExtensionContext, PluginInfo
from colonnade_notification.api import (
    ChannelInfo,
    DeliveryOutcome,
    OutgoingMessage,
    Postponed,
    Refused,
    Sent,
)


class TextMessageConfig(BaseModel):
    """`plugins.text-messages.config` in platform.yaml."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    url: str
    token: SecretReference


@hookimpl
def plugin_info() -> PluginInfo:
    """An extension, placed with the service whose hook it implements."""
    return PluginInfo(name="text-messages", version="1.0", implements=("notification",))


@hookimpl
def config_model() -> type[BaseModel]:
    """What an operator has to say."""
    return TextMessageConfig


@hookimpl
def channels(ctx: ExtensionContext[TextMessageConfig]) -> Sequence[object]:
    """One more way to reach people."""
    return [TextMessages(ctx, ctx.config)]


class TextMessages:
    """Sends the subject of a message as a text message."""

    info = ChannelInfo(name="text", makes_sound=True, seconds=10.0)

    def __init__(self, ctx: ExtensionContext, config: TextMessageConfig) -> None:
        self._ctx = ctx
        self._config = config

    async def reaches(self, user_id: UUID) -> bool:
        """The provider knows everybody's number."""
        return True

    async def send(self, message: OutgoingMessage) -> DeliveryOutcome:
        """Hand it over, with the id that makes a repetition harmless."""
        token = self._ctx.secret(self._config.token).reveal()
        body = {
            "id": str(message.id),
            "to": str(message.recipient.user_id),
            "text": f"{message.subject} {message.link}",
        }
        async with httpx.AsyncClient(timeout=5, follow_redirects=False) as client:
            answer = await client.post(
                self._config.url, json=body, headers={"Authorization": f"Bearer {token}"}
            )
        if answer.is_success:
            return Sent()
        if answer.status_code == 429:
            return Postponed("The provider is busy.", after=timedelta(minutes=5))
        if answer.is_server_error:
            return Postponed(f"The provider answered {answer.status_code}.")
        return Refused(f"The provider answered {answer.status_code}.")
