"""Web push: browsers that take messages (RFC 8030, 8291, 8292)."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import Field

from colonnade.messages import Empty, Message, Request
from colonnade.operations import operation
from colonnade.pagination import ListRequest, Page
from colonnade.personal import Confidential, Personal
from colonnade_notification.api.errors import EndpointTaken, TooManySubscriptions

Endpoint = Annotated[
    str,
    Field(
        min_length=8,
        max_length=2000,
        pattern=r"^https?://[^\s]+$",
        # Of a platform in development more is taken: see `private_endpoints`.
        json_schema_extra={"pattern": r"^https://[^\s/:@?#\\]+(:443)?(/[^\s]*)?$"},
    ),
    Personal(),
]
PublicKey = Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{87}=?$")]
AuthSecret = Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{22}(==)?$"), Confidential()]


class PushKeys(Message):
    """The keys of a browser's subscription, base64url: its P-256 point and 16 random bytes."""

    p256dh: PublicKey
    auth: AuthSecret


class PushSubscription(Message):
    """A browser that takes messages. Its keys are not shown."""

    id: UUID
    endpoint: Annotated[str, Personal()]
    label: str
    created_at: datetime


class PushKey(Message):
    """The academy's VAPID public key, base64url: `applicationServerKey` of the Push API."""

    public_key: str


@operation("notification", action="push_key.read", idempotent=True)
class GetPushKey(Request[PushKey]):
    """Read the key with which a browser subscribes."""


@operation(
    "notification",
    action="push_subscription.create",
    errors=[EndpointTaken, TooManySubscriptions],
    per_day=100,
)
class CreatePushSubscription(Request[PushSubscription]):
    """Send push messages to a browser: its `PushSubscription` as JSON, and a label.

    The same endpoint again gives the same subscription. In a browser that somebody else used, it
    becomes one's own, and the other gets no more messages there: `keys` show that it is that
    browser.
    """

    endpoint: Endpoint
    keys: PushKeys
    expirationTime: float | None = Field(None, description="As browsers give it; not used.")
    label: str = Field("", max_length=200)


@operation("notification", action="push_subscription.read", idempotent=True)
class ListPushSubscriptions(ListRequest[Page[PushSubscription]]):
    """List the caller's push subscriptions, newest first."""


@operation("notification", action="push_subscription.delete", per_day=100)
class DeletePushSubscription(Request[Empty]):
    """Send no more push messages to a browser."""

    subscription_id: UUID
