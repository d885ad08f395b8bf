"""From "this happened" to rows: who it concerns, in which words, on which channels."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import select

from colonnade.events import Work, handled_envelope
from colonnade.services import ServiceContext
from colonnade.store import Session
from colonnade_notification.addressing.addresses import Addresses
from colonnade_notification.api import Channel, Recipient
from colonnade_notification.delivery.recipients import account_of, recipient_of
from colonnade_notification.delivery.recording import Announcement, record
from colonnade_notification.models import SettingsRow, TemplateRow
from colonnade_notification.wording import catalogue
from colonnade_notification.wording.catalogue import Wording, Words
from colonnade_notification.wording.kinds import KINDS
from colonnade_user.api import ConfirmationRequested

CONFIRMATION = "confirmation"
"""The fact of a message that names its confirmation."""

MAIL = "email"


class Announcer:
    """Turns what happened into messages for one person."""

    def __init__(
        self, ctx: ServiceContext, channels: Sequence[Channel], addresses: Addresses
    ) -> None:
        self._ctx = ctx
        self._channels = channels
        self._addresses = addresses

    async def announce(
        self, name: str, user_id: UUID, facts: Mapping[str, Any] | None = None
    ) -> Work | None:
        """The unit of work that writes the rows; nothing when the person is gone, or took the
        decision themselves.

        Raises:
            Unavailable: the user service does not answer; nothing was done.
        """
        kind, envelope = KINDS[name], handled_envelope()
        if kind.decision and envelope.actor == str(user_id):
            return None
        account = await account_of(self._ctx, user_id)
        if account is None:
            return None
        known = {"happened_at": envelope.time.isoformat(), **(facts or {})}
        settings, custom = await self._ctx.store.read(
            lambda session: (session.get(SettingsRow, user_id), custom_wordings(session, name))
        )
        recipient = recipient_of(self._ctx, account, settings)
        words = await self.words(name, known, recipient, custom)
        announcement = Announcement(
            source_id=envelope.id,
            user_id=user_id,
            kind=kind,
            facts=known,
            words=words,
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
            words=Words("en", "", "", None, ""),
            link="",
            domain=self._addresses.sender_domain(),
        )
        mail = [one.info for one in self._channels if one.info.name == MAIL]
        tenant = self._ctx.tenant()
        return lambda session: record(session, announcement, mail, tenant)

    async def words(
        self,
        kind: str,
        facts: Mapping[str, Any],
        recipient: Recipient,
        custom: Mapping[str, Wording],
    ) -> Words:
        """A message in words; the tenant's own template first, and the log says when it broke."""
        filled = complete(facts, recipient, self._ctx.tenant().name)
        wanted = (recipient.locale, self._ctx.tenant().locale)
        words = await self._ctx.in_worker(catalogue.fill, kind, filled, wanted, custom)
        if words.problem:
            self._ctx.log.warning(
                "a template of the tenant's own was passed over",
                tenant=self._ctx.tenant().id,
                kind=kind,
                locale=words.problem_locale,
                problem=words.problem,
            )
            await self._ctx.store.run(lambda session: _note_problem(session, kind, words))
        return words


def complete(facts: Mapping[str, Any], recipient: Recipient, academy: str) -> dict[str, Any]:
    """Facts of a message with what every message has."""
    return {
        **facts,
        # Whoever has no name here is greeted by what they are written to.
        "person": {"name": recipient.name or recipient.email or ""},
        "academy": {"name": academy},
        "locale": recipient.locale,
        "timezone": recipient.timezone,
    }


def custom_wordings(session: Session, kind: str) -> dict[str, Wording]:
    """The tenant's own templates for one kind of message, by language."""
    rows = session.scalars(select(TemplateRow).where(TemplateRow.kind == kind))
    return {
        row.locale: Wording(row.locale, row.subject, row.text, row.html, row.action, custom=True)
        for row in rows
    }


def _note_problem(session: Session, kind: str, words: Words) -> None:
    row = session.get(TemplateRow, (kind, words.problem_locale))
    if row is not None and row.problem != words.problem:
        row.problem = words.problem
