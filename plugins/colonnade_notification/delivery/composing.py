"""Composition of messages: a row, its recipient and its template become an `OutgoingMessage`."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from colonnade.services import ServiceContext
from colonnade_notification.addressing.addresses import Addresses
from colonnade_notification.addressing.keys import UNSUBSCRIBE, key_of
from colonnade_notification.addressing.unsubscribe_tokens import (
    EVERYTHING,
    Subscription,
    make_token,
)
from colonnade_notification.api import OutgoingMessage, Recipient
from colonnade_notification.delivery.announcer import CONFIRMATION
from colonnade_notification.delivery.digests import DigestContent
from colonnade_notification.delivery.preferences import DeliveryPreferences
from colonnade_notification.delivery.recipients import (
    account_of,
    confirmation_of,
    confirmation_recipient_of,
    mail_recipient_of,
)
from colonnade_notification.delivery.recording import category_of
from colonnade_notification.models import NotificationRow, SettingsRow
from colonnade_notification.wording.catalogue import MessageCatalogue
from colonnade_notification.wording.kinds import DIGEST
from colonnade_notification.wording.layout import Frame, colour_of, document, plain
from colonnade_notification.wording.markup import html_or_text_of
from colonnade_notification.wording.rendering import MessageRenderer, complete
from colonnade_notification.wording.templates import MessageTemplate, unsubscribe_label


@dataclass(frozen=True, slots=True)
class PendingMessage:
    """A row that is to be sent, with its recipient's preferences and the tenant's templates."""

    row: NotificationRow
    preferences: DeliveryPreferences
    settings: SettingsRow | None
    custom: Mapping[str, MessageTemplate]
    digest: DigestContent


@dataclass(frozen=True, slots=True)
class MessageAddress:
    """The recipient of a message, its link, and facts that are known only when it goes out."""

    recipient: Recipient
    link: str
    facts: Mapping[str, Any] = field(default_factory=dict)


class MessageComposer:
    """Composes the messages of the tenant in context."""

    def __init__(
        self,
        ctx: ServiceContext,
        renderer: MessageRenderer,
        addresses: Addresses,
        catalogue: MessageCatalogue,
    ) -> None:
        self._ctx = ctx
        self._renderer = renderer
        self._addresses = addresses
        self._catalogue = catalogue

    async def address_of(self, pending: PendingMessage) -> MessageAddress | None:
        """The recipient and link of a message; None when its account or confirmation is gone.

        Raises:
            Unavailable, DeadlineExceeded: the user service does not answer.
        """
        row = pending.row
        kind = self._catalogue.kinds[row.kind]
        if kind.confirms:
            return await self._confirmation_address(row, pending.settings)
        account = await account_of(self._ctx, row.user_id)
        if account is None:
            return None
        recipient = mail_recipient_of(self._ctx, account, pending.settings)
        return MessageAddress(recipient, self._addresses.link(kind.path, _facts(row)))

    async def compose(self, pending: PendingMessage, address: MessageAddress) -> OutgoingMessage:
        """The message, rendered in its recipient's language."""
        row, recipient, link = pending.row, address.recipient, address.link
        tenant = self._ctx.tenant()
        common = complete({}, recipient, tenant.name)
        listed = {}
        if pending.digest.items:
            listed = await self._ctx.in_worker(pending.digest.facts, common, tenant.locale)
        facts = {**_facts(row), **address.facts, **listed}
        filled = await self._renderer.render(row.kind, facts, recipient, pending.custom)
        frame = Frame(
            academy=tenant.name,
            locale=filled.locale,
            colour=colour_of(tenant.branding),
            link=link,
            action=filled.action,
            footer=self._addresses.tenant_config().footer or "",
            unsubscribe_url=await self._unsubscribe_url(row),
            unsubscribe_label=unsubscribe_label(filled.locale),
        )
        content = await html_or_text_of(self._ctx, filled)
        return OutgoingMessage(
            id=row.id,
            message_id=row.message_id,
            kind=row.kind,
            category=category_of(row),
            recipient=recipient,
            subject=filled.subject,
            text=plain(filled.body, frame),
            html=document(filled.subject, content, frame),
            link=link,
            unsubscribe_url=frame.unsubscribe_url,
            attempt=row.attempts + 1,
            targets=None if row.targets is None else tuple(json.loads(row.targets)),
        )

    async def _confirmation_address(
        self, row: NotificationRow, settings: SettingsRow | None
    ) -> MessageAddress | None:
        issued = await confirmation_of(self._ctx, UUID(_facts(row)[CONFIRMATION]))
        if issued is None:
            return None
        recipient = confirmation_recipient_of(self._ctx, row, issued, settings)
        link = self._addresses.confirmation(issued.purpose, issued.token)
        facts: dict[str, Any] = {"role": issued.role} if issued.role else {}
        if issued.expires_at is not None:
            facts["expires_at"] = issued.expires_at.isoformat()
        return MessageAddress(recipient, link, facts)

    async def _unsubscribe_url(self, row: NotificationRow) -> str:
        if category_of(row).is_mandatory:
            return ""
        own_category = self._catalogue.own_category(row.kind)
        category = EVERYTHING if row.kind == DIGEST else own_category or row.category
        key = await key_of(self._ctx, UNSUBSCRIBE)
        subscription = Subscription(row.user_id, row.channel, category)
        token = make_token(key, subscription, self._ctx.clock.now())
        return self._addresses.web(f"/api/v1/notifications/unsubscribe/{token}")


def _facts(row: NotificationRow) -> dict[str, Any]:
    facts: dict[str, Any] = json.loads(row.facts)
    return facts
