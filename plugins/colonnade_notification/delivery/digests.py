"""Digests: messages that are held go out together, as one message."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import select

from colonnade.store import Session
from colonnade_notification.api import Category, ChannelInfo, DeliveryStatus, Mode
from colonnade_notification.delivery.preferences import DeliveryPreferences
from colonnade_notification.delivery.recording import hold_for_digest, schedule
from colonnade_notification.models import NotificationRow
from colonnade_notification.wording.catalogue import MessageCatalogue
from colonnade_notification.wording.templates import MessageTemplate, fill

MAXIMUM_ITEMS = 100
"""Messages one digest lists; it says how many more there are."""


TURNED_OFF = "Its recipient turned this off."


@dataclass(frozen=True, slots=True)
class DigestItem:
    """A message that was held."""

    id: UUID
    kind: str
    facts: Mapping[str, Any]
    custom: Mapping[str, MessageTemplate]


@dataclass(frozen=True, slots=True)
class DigestContent:
    """The messages that one digest takes along, oldest first, and those whose category was
    turned off while they were held."""

    items: Sequence[DigestItem] = ()
    unwanted: frozenset[UUID] = frozenset()

    def facts(self, common: Mapping[str, Any], academys_locale: str) -> dict[str, Any]:
        """Facts for the template of digests; none for other kinds. `common` is what every message
        has. It fills many templates: not for the event loop."""
        if not self.items:
            return {}
        wanted = (str(common["locale"]), academys_locale)
        shown = [_summary(item, common, wanted) for item in self.items[:MAXIMUM_ITEMS]]
        return {"items": shown, "more": max(0, len(self.items) - MAXIMUM_ITEMS)}


def digest_content_of(
    session: Session,
    digest: NotificationRow,
    preferences: DeliveryPreferences,
    channel: ChannelInfo,
    catalogue: MessageCatalogue,
) -> DigestContent:
    """The messages that are held for a digest."""
    query = (
        select(NotificationRow)
        .where(
            NotificationRow.digest_id == digest.id,
            NotificationRow.status == DeliveryStatus.HELD,
        )
        .order_by(NotificationRow.created_at, NotificationRow.id)
    )
    rows = session.scalars(query).all()
    unwanted = {
        row.id
        for row in rows
        if preferences.mode(channel, Category(row.category), catalogue.own_category(row.kind))
        is Mode.OFF
    }
    custom = {kind: catalogue.templates(session, kind) for kind in {row.kind for row in rows}}
    items = [
        DigestItem(row.id, row.kind, json.loads(row.facts), custom[row.kind])
        for row in rows
        if row.id not in unwanted
    ]
    return DigestContent(items, frozenset(unwanted))


def close_digest(
    session: Session,
    digest: NotificationRow,
    content: DigestContent,
    preferences: DeliveryPreferences,
    domain: str,
) -> None:
    """Note on the messages of a digest what has become of it.

    One that was written while the digest went out is held for the next.
    """
    sent = {item.id for item in content.items}
    query = select(NotificationRow).where(
        NotificationRow.digest_id == digest.id, NotificationRow.status == DeliveryStatus.HELD
    )
    for row in session.scalars(query).all():
        if row.id in content.unwanted:
            row.status, row.problem = DeliveryStatus.SUPPRESSED, TURNED_OFF
        elif row.id in sent:
            row.status, row.problem = digest.status, digest.problem
            row.sent_at = digest.sent_at
        else:
            hold_for_digest(session, row, preferences.next_digest(Mode.DAILY, session.now), domain)


def resend_digest(session: Session, digest: NotificationRow) -> None:
    """Send a digest that failed again, with the messages it took along."""
    query = select(NotificationRow).where(NotificationRow.digest_id == digest.id)
    for row in session.scalars(query).all():
        row.status = DeliveryStatus.HELD
    schedule(session, digest)


def _summary(
    item: DigestItem, common: Mapping[str, Any], wanted: tuple[str, str]
) -> dict[str, str]:
    filled = fill(item.kind, {**item.facts, **common}, wanted, item.custom)
    # The first paragraph of a message greets; the next says what happened.
    blocks = [block.strip() for block in filled.body.split("\n\n") if block.strip()]
    return {"title": filled.subject, "text": blocks[1] if len(blocks) > 1 else ""}
