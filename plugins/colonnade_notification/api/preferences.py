"""Notification preferences, and unsubscribe links."""

from typing import Annotated
from uuid import UUID

from pydantic import Field

from colonnade.messages import Empty, Message, NotNull, Request
from colonnade.operations import operation
from colonnade.patches import Patch
from colonnade.personal import Confidential
from colonnade.timezones import TimezoneName
from colonnade_notification.api.errors import LinkExpired, MandatoryCategory, UnknownToken
from colonnade_notification.api.types import (
    Category,
    CategoryName,
    ChannelName,
    ClockTime,
    LocaleTag,
    Mode,
)


class QuietHours(Message):
    """Hours on the person's own clock in which no message makes a sound: it waits until the end.

    The end may be before the start, over midnight. Security and receipts do not wait.
    """

    start: ClockTime
    end: ClockTime


class DigestTime(Message):
    """Time of digests: the hour of the day, and for weekly ones the day (0 is Monday)."""

    hour: int = Field(8, ge=0, le=23, strict=True)
    weekday: int = Field(0, ge=0, le=6, strict=True)


class PluginCategory(Message):
    """Category of a plugin's own; `channels` is channel → mode. Until the person chooses, it goes
    by what they chose for `counts_as`."""

    name: str
    title: str
    counts_as: Category
    channels: dict[str, Mode]


class Preferences(Message):
    """Preferences of one person; `channels` is channel → category → mode."""

    user_id: UUID
    locale: str
    timezone: str
    quiet_hours: QuietHours | None
    digest: DigestTime
    channels: dict[str, dict[Category, Mode]]
    mandatory: list[Category] = Field(description="Categories that cannot be turned off.")
    plugin_categories: list[PluginCategory] = Field(
        [], description="Categories that plugins bring, with what counts for each."
    )
    version: int


@operation("notification", action="notification_preference.read", idempotent=True)
class GetPreferences(Request[Preferences]):
    """Read the caller's preferences."""


@operation(
    "notification", action="notification_preference.update", errors=[MandatoryCategory], per_day=500
)
class UpdatePreferences(Patch[Preferences]):
    """Change the caller's preferences; those not given stay.

    Null for `locale`, `timezone` or `quiet_hours` goes back to the academy's own, or to none.
    """

    locale: LocaleTag | None = None
    timezone: TimezoneName | None = None
    quiet_hours: QuietHours | None = None
    digest: Annotated[DigestTime | None, NotNull()] = None
    channels: Annotated[
        Annotated[dict[ChannelName, dict[Category, Mode]], Field(max_length=20)] | None, NotNull()
    ] = None
    plugin_categories: Annotated[
        Annotated[
            dict[CategoryName, Annotated[dict[ChannelName, Mode], Field(max_length=20)]],
            Field(max_length=50, description="Category of a plugin → channel → mode."),
        ]
        | None,
        NotNull(),
    ] = None


Token = Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{20,200}$"), Confidential()]


class Unsubscription(Message):
    """The category and channel that an unsubscribe link turns off."""

    academy: str
    category: str
    channel: str


@operation(
    "notification",
    action="subscription.describe",
    idempotent=True,
    errors=[LinkExpired, UnknownToken],
)
class DescribeUnsubscription(Request[Unsubscription]):
    """Read what an unsubscribe link would turn off. Nothing is changed."""

    token: Token


@operation(
    "notification", action="subscription.end", idempotent=True, errors=[LinkExpired, UnknownToken]
)
class Unsubscribe(Request[Empty]):
    """Turn off the category of an unsubscribe link, with one click and no sign-in (RFC 8058)."""

    token: Token
