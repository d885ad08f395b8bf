"""Handlers of unsubscribe links: no sign-in, one click, and never by looking (RFC 8058)."""

from collections.abc import Mapping
from datetime import timedelta

from sqlalchemy import select

from colonnade.errors import ValidationFailed
from colonnade.messages import Empty
from colonnade.operations import Call, handles
from colonnade.services import ServiceContext
from colonnade.store import Session
from colonnade_notification.addressing.keys import UNSUBSCRIBE, key_of, undated_key
from colonnade_notification.addressing.unsubscribe_tokens import (
    EVERYTHING,
    Subscription,
    read_token,
)
from colonnade_notification.api import (
    Category,
    DescribeUnsubscription,
    Mode,
    NotificationCategory,
    Unsubscribe,
    Unsubscription,
)
from colonnade_notification.models import ErasedRow, ModeRow
from colonnade_notification.wording.catalogue import MessageCatalogue


class UnsubscriptionHandlers:
    """Operations of an unsubscribe link."""

    def __init__(
        self, ctx: ServiceContext, lifetime: timedelta, catalogue: MessageCatalogue
    ) -> None:
        self._ctx = ctx
        self._own = catalogue.own_categories
        self._lifetime = lifetime

    @handles(DescribeUnsubscription)
    async def describe_unsubscription(
        self, request: DescribeUnsubscription, call: Call
    ) -> Unsubscription:
        """Describe what would be turned off."""
        found = await self._read(request.token)
        return Unsubscription(
            academy=self._ctx.tenant().name, category=found.category, channel=found.channel
        )

    @handles(Unsubscribe)
    async def unsubscribe(self, request: Unsubscribe, call: Call) -> Empty:
        """Turn it off; a second time changes nothing."""
        found = await self._read(request.token)
        await self._ctx.store.run(lambda session: _turn_off(session, found, self._own))
        return Empty()

    async def _read(self, token: str) -> Subscription:
        key, undated = await key_of(self._ctx, UNSUBSCRIBE), await undated_key(self._ctx)
        return read_token(key, token, self._ctx.clock.now(), self._lifetime, undated)


def _turn_off(
    session: Session, subscription: Subscription, own: Mapping[str, NotificationCategory]
) -> None:
    if session.get(ErasedRow, subscription.user_id) is not None:
        return
    for category in _categories(session, subscription, own):
        session.upsert(
            ModeRow(
                user_id=subscription.user_id,
                channel=subscription.channel,
                category=category,
                mode=Mode.OFF,
            )
        )


def _categories(
    session: Session, subscription: Subscription, own: Mapping[str, NotificationCategory]
) -> list[str]:
    """Names of the categories that a link turns off."""
    name = subscription.category
    if name != EVERYTHING:
        category = own[name].counts_as if name in own else _category(name)
        return [] if category.is_mandatory else [name]
    query = select(ModeRow).where(
        ModeRow.user_id == subscription.user_id, ModeRow.channel == subscription.channel
    )
    return [row.category for row in session.scalars(query) if Mode(row.mode).is_digest]


def _category(name: str) -> Category:
    try:
        return Category(name)
    except ValueError:
        raise ValidationFailed("The link is for a category that there is no more.") from None
