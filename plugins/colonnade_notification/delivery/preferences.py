"""Preferences of a recipient, and what follows for one message on one channel."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import bindparam, select

from colonnade.rows import prepare
from colonnade.services import TenantInfo
from colonnade.store import Session
from colonnade_notification.api import Category, ChannelInfo, Mode
from colonnade_notification.delivery import quiet_hours
from colonnade_notification.models import ModeRow, SettingsRow
from colonnade_notification.wording import locales

DIGEST_HOUR = 8

_MODES = prepare(select(ModeRow).where(ModeRow.user_id == bindparam("user_id")))


@dataclass(frozen=True, slots=True)
class DeliveryPreferences:
    """Preferences of one recipient, loaded once per message.

    `modes` has what they chose, by channel and category; `quiet` are minutes after midnight.
    """

    modes: Mapping[tuple[str, str], Mode]
    timezone: str
    quiet: tuple[int, int] | None
    digest_hour: int
    digest_weekday: int

    @classmethod
    def load(cls, session: Session, user_id: UUID, tenant: TenantInfo) -> "DeliveryPreferences":
        """Load a person's preferences, with the academy's defaults for what they did not choose."""
        settings = session.get(SettingsRow, user_id)
        rows = session.scalars(_MODES, {"user_id": user_id})
        modes = {(row.channel, row.category): Mode(row.mode) for row in rows}
        if settings is None:
            return cls(modes, tenant.timezone, None, DIGEST_HOUR, 0)
        quiet = None
        if settings.quiet_from is not None and settings.quiet_until is not None:
            quiet = (settings.quiet_from, settings.quiet_until)
        return cls(
            modes,
            settings.timezone or tenant.timezone,
            quiet,
            settings.digest_hour,
            settings.digest_weekday,
        )

    def mode(self, channel: ChannelInfo, category: Category, own_category: str = "") -> Mode:
        """The mode of `category` on `channel`, or of the `own_category` of a plugin that counts as
        it."""
        if channel.mandatory and category.is_mandatory:
            return Mode.IMMEDIATELY
        chosen = self.modes.get((channel.name, category), channel.default)
        chosen = self.modes.get((channel.name, own_category), chosen)
        return Mode.IMMEDIATELY if chosen.is_digest and not channel.digests else chosen

    def quiet_until(
        self, channel: ChannelInfo, category: Category, now: datetime
    ) -> datetime | None:
        """The end of the quiet hours that a message has to wait for; None when it may go now."""
        if self.quiet is None or not channel.makes_sound or category.is_mandatory:
            return None
        return quiet_hours.quiet_until(now, locales.zone(self.timezone), *self.quiet)

    def next_digest(self, mode: Mode, now: datetime) -> datetime:
        """The time of the next digest of a mode."""
        weekday = self.digest_weekday if mode is Mode.WEEKLY else None
        zone = locales.zone(self.timezone)
        return quiet_hours.next_digest(now, zone, self.digest_hour, weekday)
