"""Handlers of notification preferences: the caller's own."""

from collections.abc import Iterable, Sequence
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
    Preferences,
    QuietHours,
    UpdatePreferences,
)
from colonnade_notification.delivery.preferences import DIGEST_HOUR, DeliveryPreferences
from colonnade_notification.handlers.callers import person
from colonnade_notification.models import ModeRow, SettingsRow
from colonnade_notification.resources import PREFERENCE


class PreferenceHandlers:
    """Operations on the caller's own preferences."""

    def __init__(self, ctx: ServiceContext, channels: Iterable[Channel]) -> None:
        self._ctx = ctx
        self._channels = [channel.info for channel in channels]

    @handles(GetPreferences)
    async def get_preferences(self, request: GetPreferences, call: Call) -> Preferences:
        """Read the caller's preferences, chosen or by default."""
        user_id, tenant = person(call), self._ctx.tenant()

        def work(session: Session) -> Preferences:
            call.require(session, PREFERENCE, _row_or_new(session, user_id))
            return _preferences_of(session, user_id, tenant, self._channels)

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
            return _preferences_of(session, user_id, tenant, self._channels)

        return await self._ctx.store.run(work)

    def _checked(self, request: UpdatePreferences) -> list[tuple[str, Category, Mode]]:
        known = {channel.name: channel for channel in self._channels}
        found = []
        for name, modes in (request.channels or {}).items():
            if name not in known:
                names = ", ".join(sorted(known))
                message = f"is not a channel here; there are {names}"
                raise ValidationFailed(fields=[FieldError(f"/channels/{name}", message, "unknown")])
            for category, mode in modes.items():
                _check_mode(known[name], category, mode)
                found.append((name, category, mode))
        return found


def _check_mode(channel: ChannelInfo, category: Category, mode: Mode) -> None:
    if mode is not Mode.IMMEDIATELY and channel.mandatory and category.is_mandatory:
        raise MandatoryCategory(
            f"Messages about {category} always reach you by {channel.name}, at once.",
            details={"channel": channel.name, "category": category},
        )
    if mode.is_digest and not channel.digests:
        pointer = f"/channels/{channel.name}/{category}"
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
    session: Session, user_id: UUID, tenant: TenantInfo, channels: Sequence[ChannelInfo]
) -> Preferences:
    settings = session.scalar(select(SettingsRow).where(SettingsRow.user_id == user_id))
    preferences = DeliveryPreferences.load(session, user_id, tenant)
    quiet = preferences.quiet
    return Preferences(
        user_id=user_id,
        locale=(settings and settings.locale) or tenant.locale,
        timezone=preferences.timezone,
        quiet_hours=None if quiet is None else QuietHours(**_clock(quiet)),
        digest=DigestTime(hour=preferences.digest_hour, weekday=preferences.digest_weekday),
        channels={
            channel.name: {category: preferences.mode(channel, category) for category in Category}
            for channel in channels
        },
        mandatory=[category for category in Category if category.is_mandatory],
        version=0 if settings is None else settings.version,
    )


def _minutes(clock: str) -> int:
    return int(clock[:2]) * 60 + int(clock[3:])


def _clock(quiet: tuple[int, int]) -> dict[str, Any]:
    start, end = (f"{minutes // 60:02}:{minutes % 60:02}" for minutes in quiet)
    return {"start": start, "end": end}
