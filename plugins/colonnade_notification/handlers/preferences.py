"""Handlers of notification preferences: the caller's own."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import select

from colonnade.errors import FieldError, ValidationFailed
from colonnade.operations import Call, handles
from colonnade.patches import assign
from colonnade.services import ServiceContext, TenantInfo
from colonnade.store import Session
from colonnade_notification.api import (
    Category,
    Channel,
    ChannelInfo,
    DigestTime,
    GetPreferences,
    MandatoryCategory,
    Mode,
    NotificationCategory,
    PluginCategory,
    Preferences,
    QuietHours,
    UpdatePreferences,
)
from colonnade_notification.delivery.preferences import DIGEST_HOUR, DeliveryPreferences
from colonnade_notification.handlers.callers import person
from colonnade_notification.models import ModeRow, SettingsRow
from colonnade_notification.resources import PREFERENCE
from colonnade_notification.wording.catalogue import MessageCatalogue
from colonnade_notification.wording.locales import fallbacks


class PreferenceHandlers:
    """Operations on the caller's own preferences."""

    def __init__(
        self, ctx: ServiceContext, channels: Iterable[Channel], catalogue: MessageCatalogue
    ) -> None:
        self._ctx = ctx
        self._channels = [channel.info for channel in channels]
        self._own = catalogue.own_categories

    @handles(GetPreferences)
    async def get_preferences(self, request: GetPreferences, call: Call) -> Preferences:
        """Read the caller's preferences, chosen or by default."""
        user_id, tenant = person(call), self._ctx.tenant()

        def work(session: Session) -> Preferences:
            call.require(session, PREFERENCE, _row_or_new(session, user_id))
            return _preferences_of(session, user_id, tenant, self._channels, self._own)

        return await self._ctx.store.read(work)

    @handles(UpdatePreferences)
    async def update_preferences(self, request: UpdatePreferences, call: Call) -> Preferences:
        """Change the preferences that are given."""
        user_id, tenant = person(call), self._ctx.tenant()
        chosen = self._checked(request)

        def work(session: Session) -> Preferences:
            row = _row_or_new(session, user_id)
            call.require(session, PREFERENCE, row)
            call.check_version(row.version or 0)
            session.add(row)
            _change(row, request)
            # Modes are rows of their own; the version stands for them as well.
            row.updated_at = session.now
            for channel, category, mode in chosen:
                session.upsert(
                    ModeRow(user_id=user_id, channel=channel, category=category, mode=mode)
                )
            session.flush()
            return _preferences_of(session, user_id, tenant, self._channels, self._own)

        return await self._ctx.store.run(work)

    def _checked(self, request: UpdatePreferences) -> list[tuple[str, str, Mode]]:
        found: list[tuple[str, str, Mode]] = []
        for name, modes in (request.channels or {}).items():
            channel = self._channel(name, f"/channels/{name}")
            for category, mode in modes.items():
                _check_mode(channel, category, mode, f"/channels/{name}/{category}")
                found.append((name, category, mode))
        for category_name, chosen in (request.plugin_categories or {}).items():
            place = f"/plugin_categories/{category_name}"
            own = self._own.get(category_name)
            if own is None:
                message = f"is not a category that a plugin brings; {_named(self._own)}"
                raise ValidationFailed(fields=[FieldError(place, message, "unknown")])
            for name, mode in chosen.items():
                channel = self._channel(name, f"{place}/{name}")
                _check_mode(channel, own.counts_as, mode, f"{place}/{name}")
                found.append((name, own.name, mode))
        return found

    def _channel(self, name: str, place: str) -> ChannelInfo:
        for channel in self._channels:
            if channel.name == name:
                return channel
        message = f"is not a channel here; {_named(each.name for each in self._channels)}"
        raise ValidationFailed(fields=[FieldError(place, message, "unknown")])


def _named(names: Iterable[str]) -> str:
    return f"there are {', '.join(sorted(names)) or 'none'}"


def _check_mode(channel: ChannelInfo, category: Category, mode: Mode, pointer: str) -> None:
    if mode is not Mode.IMMEDIATELY and channel.mandatory and category.is_mandatory:
        raise MandatoryCategory(
            f"Messages about {category} always reach you by {channel.name}, at once.",
            details={"channel": channel.name, "category": category},
        )
    if mode.is_digest and not channel.digests:
        message = f"there are no digests by {channel.name}; choose immediately or off"
        raise ValidationFailed(fields=[FieldError(pointer, message, "no_digest")])


def _row_or_new(session: Session, user_id: UUID) -> SettingsRow:
    return session.get(SettingsRow, user_id) or SettingsRow(
        user_id=user_id, digest_hour=DIGEST_HOUR, digest_weekday=0
    )


def _change(row: SettingsRow, request: UpdatePreferences) -> None:
    assign(row, request.given("locale", "timezone"))
    if "quiet_hours" in request.model_fields_set:
        quiet = request.quiet_hours
        row.quiet_from = None if quiet is None else _minutes(quiet.start)
        row.quiet_until = None if quiet is None else _minutes(quiet.end)
    if request.digest is not None:
        row.digest_hour, row.digest_weekday = request.digest.hour, request.digest.weekday


def _preferences_of(
    session: Session,
    user_id: UUID,
    tenant: TenantInfo,
    channels: Sequence[ChannelInfo],
    own: Mapping[str, NotificationCategory],
) -> Preferences:
    settings = session.scalar(select(SettingsRow).where(SettingsRow.user_id == user_id))
    preferences = DeliveryPreferences.load(session, user_id, tenant)
    quiet = preferences.quiet
    locale = (settings and settings.locale) or tenant.locale
    return Preferences(
        user_id=user_id,
        locale=locale,
        timezone=preferences.timezone,
        quiet_hours=None if quiet is None else QuietHours(**_clock(quiet)),
        digest=DigestTime(hour=preferences.digest_hour, weekday=preferences.digest_weekday),
        channels={
            channel.name: {category: preferences.mode(channel, category) for category in Category}
            for channel in channels
        },
        mandatory=[category for category in Category if category.is_mandatory],
        plugin_categories=[
            _plugin_category(preferences, category, channels, locale) for category in own.values()
        ],
        version=0 if settings is None else settings.version,
    )


def _plugin_category(
    preferences: DeliveryPreferences,
    category: NotificationCategory,
    channels: Sequence[ChannelInfo],
    locale: str,
) -> PluginCategory:
    titles = (category.titles[each] for each in fallbacks(locale) if each in category.titles)
    return PluginCategory(
        name=category.name,
        title=next(titles, category.titles["en"]),
        counts_as=category.counts_as,
        channels={
            channel.name: preferences.mode(channel, category.counts_as, category.name)
            for channel in channels
        },
    )


def _minutes(clock: str) -> int:
    return int(clock[:2]) * 60 + int(clock[3:])


def _clock(quiet: tuple[int, int]) -> dict[str, Any]:
    start, end = (f"{minutes // 60:02}:{minutes % 60:02}" for minutes in quiet)
    return {"start": start, "end": end}
