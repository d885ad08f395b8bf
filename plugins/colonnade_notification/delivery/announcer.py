"""Announcements: an event becomes rows, one for each channel that its recipient wants."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from colonnade.events import Work, handled_envelope
from colonnade.services import ServiceContext
from colonnade_notification.addressing.addresses import Addresses
from colonnade_notification.api import Channel
from colonnade_notification.delivery.recipients import account_of, recipient_of
from colonnade_notification.delivery.recording import Announcement, record
from colonnade_notification.models import SettingsRow
from colonnade_notification.wording.catalogue import MessageCatalogue
from colonnade_notification.wording.kinds import KINDS
from colonnade_notification.wording.rendering import MessageRenderer
from colonnade_notification.wording.templates import NO_CONTENT
from colonnade_user.api import ConfirmationRequested

CONFIRMATION = "confirmation"
"""The fact of a message that names its confirmation."""

MAIL = "email"


class Announcer:
    """Announces the event being handled to one person."""

    def __init__(
        self,
        ctx: ServiceContext,
        channels: Sequence[Channel],
        renderer: MessageRenderer,
        addresses: Addresses,
        catalogue: MessageCatalogue,
    ) -> None:
        self._ctx = ctx
        self._channels = channels
        self._renderer = renderer
        self._addresses = addresses
        self._catalogue = catalogue

    async def announce(
        self, name: str, user_id: UUID, facts: Mapping[str, Any] | None = None
    ) -> Work | None:
        """The unit of work that writes the rows; None when the person is gone, or took the
        decision themselves.

        Raises:
            Unavailable: the user service does not answer; nothing was done.
        """
        kind, envelope = self._catalogue.kinds[name], handled_envelope()
        if kind.decision and envelope.actor == str(user_id):
            return None
        account = await account_of(self._ctx, user_id)
        if account is None:
            return None
        known = {"happened_at": envelope.time.isoformat(), **(facts or {})}
        settings, custom = await self._ctx.store.read(
            lambda session: (
                session.get(SettingsRow, user_id),
                self._catalogue.templates(session, name),
            )
        )
        recipient = recipient_of(self._ctx, account, settings)
        announcement = Announcement(
            source_id=envelope.id,
            user_id=user_id,
            kind=kind,
            facts=known,
            content=await self._renderer.render(name, known, recipient, custom),
            link=self._addresses.link(kind.path, known),
            domain=self._addresses.sender_domain(),
        )
        reached = [one.info for one in self._channels if await one.reaches(user_id)]
        tenant = self._ctx.tenant()
        return lambda session: record(session, announcement, reached, tenant)

    def announce_confirmation(self, event: ConfirmationRequested) -> Work:
        """The unit of work that writes the row of a mail with a link. Neither address nor token
        is part of it: both are asked for when it goes out."""
        envelope = handled_envelope()
        announcement = Announcement(
            source_id=envelope.id,
            # Who has no account is known by what they are to confirm.
            user_id=event.user_id or event.confirmation_id,
            kind=KINDS[event.purpose],
            facts={
                "happened_at": envelope.time.isoformat(),
                CONFIRMATION: str(event.confirmation_id),
            },
            content=NO_CONTENT,
            link="",
            domain=self._addresses.sender_domain(),
        )
        mail = [one.info for one in self._channels if one.info.name == MAIL]
        tenant = self._ctx.tenant()
        return lambda session: record(session, announcement, mail, tenant)
