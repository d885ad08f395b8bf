"""Digests: messages that waited go out together."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import select

from colonnade.store import Session
from colonnade_notification.api import Category, ChannelInfo, DeliveryStatus, Mode
from colonnade_notification.delivery.announcer import custom_wordings
from colonnade_notification.delivery.preferences import Choices
from colonnade_notification.delivery.recording import hold, schedule
from colonnade_notification.models import NotificationRow
from colonnade_notification.wording import catalogue
from colonnade_notification.wording.catalogue import Wording

MAXIMUM_ITEMS = 100
"""Messages one digest tells of; it says how many more there are."""


TURNED_OFF = "Its recipient turned this off."


@dataclass(frozen=True, slots=True)
class Held:
    """A message that waited."""

    id: UUID
    kind: str
    facts: Mapping[str, Any]
    custom: Mapping[str, Wording]


@dataclass(frozen=True, slots=True)
class Bundle:
    """The messages that one digest takes along, oldest first, and those whose category was
    turned off while they waited."""

    items: Sequence[Held] = ()
    unwanted: frozenset[UUID] = frozenset()

    def facts(self, common: Mapping[str, Any], academys_locale: str) -> dict[str, Any]:
        """What the template of digests is filled with; nothing for other kinds. `common` is what
        every message has. It fills many templates: not for the event loop."""
        if not self.items:
            return {}
        wanted = (str(common["locale"]), academys_locale)
        shown = [_told(item, common, wanted) for item in self.items[:MAXIMUM_ITEMS]]
        return {"items": shown, "more": max(0, len(self.items) - MAXIMUM_ITEMS)}


def bundle_of(
    session: Session, digest: NotificationRow, choices: Choices, channel: ChannelInfo
) -> Bundle:
    """What waits for a digest."""
    query = (
        select(NotificationRow)
        .where(
            NotificationRow.digest_id == digest.id,
            NotificationRow.status == DeliveryStatus.HELD,
        )
        .order_by(NotificationRow.created_at, NotificationRow.id)
    )
    rows = session.scalars(query).all()
    unwanted = {row.id for row in rows if choices.mode(channel, Category(row.category)) is Mode.OFF}
    custom = {kind: custom_wordings(session, kind) for kind in {row.kind for row in rows}}
    items = [
        Held(row.id, row.kind, json.loads(row.facts), custom[row.kind])
        for row in rows
        if row.id not in unwanted
    ]
    return Bundle(items, frozenset(unwanted))


def settle(
    session: Session, digest: NotificationRow, bundle: Bundle, choices: Choices, domain: str
) -> None:
    """Note on the messages of a digest what has become of it.

    One that was written while the digest went out waits for the next.
    """
    told = {item.id for item in bundle.items}
    query = select(NotificationRow).where(
        NotificationRow.digest_id == digest.id, NotificationRow.status == DeliveryStatus.HELD
    )
    for row in session.scalars(query).all():
        if row.id in bundle.unwanted:
            row.status, row.problem = DeliveryStatus.SUPPRESSED, TURNED_OFF
        elif row.id in told:
            row.status, row.problem = digest.status, digest.problem
            row.sent_at = digest.sent_at
        else:
            hold(session, row, choices.next_digest(Mode.DAILY, session.now), domain)


def resume(session: Session, digest: NotificationRow) -> None:
    """Have a digest that failed, and what it took along, go out again."""
    query = select(NotificationRow).where(NotificationRow.digest_id == digest.id)
    for row in session.scalars(query).all():
        row.status = DeliveryStatus.HELD
    schedule(session, digest)


def _told(item: Held, common: Mapping[str, Any], wanted: tuple[str, str]) -> dict[str, str]:
    words = catalogue.fill(item.kind, {**item.facts, **common}, wanted, item.custom)
    # The first paragraph of a message greets; the next says what happened.
    blocks = [block.strip() for block in words.body.split("\n\n") if block.strip()]
    return {"title": words.subject, "text": blocks[1] if len(blocks) > 1 else ""}
