"""Sending: a row becomes a message and goes out, at least once, under an id that stays the same."""

import asyncio
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import delete, select

from colonnade.backoff import Backoff
from colonnade.crash_points import crash_point, reach
from colonnade.decoding import storable
from colonnade.events import Work
from colonnade.sagas import StepCall, StepOutcome
from colonnade.services import ServiceContext, TenantInfo
from colonnade.store import Session
from colonnade_notification.addressing.addresses import Addresses
from colonnade_notification.addressing.keys import UNSUBSCRIBE, key_of
from colonnade_notification.addressing.unsubscribe_tokens import (
    EVERYTHING,
    Subscription,
    make_token,
)
from colonnade_notification.api import (
    Channel,
    DeliveryStatus,
    Mode,
    Outcome,
    OutgoingMessage,
    Postponed,
    Recipient,
    Refused,
    Sent,
    Unreachable,
)
from colonnade_notification.config import RetryConfig
from colonnade_notification.delivery.announcer import (
    CONFIRMATION,
    Announcer,
    complete,
    custom_wordings,
)
from colonnade_notification.delivery.digests import TURNED_OFF, Bundle, bundle_of, settle
from colonnade_notification.delivery.preferences import Choices
from colonnade_notification.delivery.recipients import (
    account_of,
    confirmation_of,
    reader_of,
    recipient_by_mail,
)
from colonnade_notification.delivery.recording import DeliveryState, category_of, schedule
from colonnade_notification.models import NotificationRow, SettingsRow, SuppressionRow
from colonnade_notification.wording.catalogue import Wording, unsubscribe_label
from colonnade_notification.wording.kinds import DIGEST, KINDS
from colonnade_notification.wording.layout import Frame, colour_of, document, plain
from colonnade_notification.wording.markup import html_or_text_of
from colonnade_user.api import fold_email

SENT = crash_point("notification.sent", "a message was handed over; that is not recorded")

MAXIMUM_PROBLEM = 1_000


@dataclass(frozen=True, slots=True)
class _Pending:
    """A row that is to be sent, with what its recipient chose."""

    row: NotificationRow
    choices: Choices
    settings: SettingsRow | None
    custom: Mapping[str, Wording]
    bundle: Bundle


@dataclass(frozen=True, slots=True)
class _Addressed:
    """Who gets a message, where its link leads, and facts that are known only now."""

    recipient: Recipient
    link: str
    facts: Mapping[str, Any] = field(default_factory=dict)


class Sending:
    """The step of the delivery saga."""

    def __init__(
        self,
        ctx: ServiceContext,
        channels: Sequence[Channel],
        announcer: Announcer,
        addresses: Addresses,
        retry: RetryConfig,
    ) -> None:
        self._ctx = ctx
        self._channels = {channel.info.name: channel for channel in channels}
        self._announcer = announcer
        self._addresses = addresses
        self._retry = retry

    async def send_notification(self, call: StepCall) -> StepOutcome | None:
        """Send one message, once more, and note what became of it."""
        identifier = call.state_as(DeliveryState).notification_id
        tenant = self._ctx.tenant()
        pending = await self._ctx.store.read(
            lambda session: _load(session, identifier, tenant, self._channels)
        )
        if pending is None:
            return None
        channel = self._channels.get(pending.row.channel)
        if channel is None:
            name = pending.row.channel
            return self._noted(identifier, Refused(f"No enabled plugin has a channel '{name}'."))
        waits = self._waits(pending, channel)
        if waits is not None:
            return waits
        addressed = await self._addressed(pending)
        if addressed is None:
            return StepOutcome(work=lambda session: _forget(session, identifier))
        outcome = await self._send(pending, channel, addressed)
        reach(SENT)
        return self._noted(identifier, outcome, pending.bundle)

    async def give_up(self, call: StepCall) -> StepOutcome:
        """What this service itself needs could not be had for an hour: a dead letter."""
        identifier = call.state_as(DeliveryState).notification_id
        return self._noted(identifier, Refused(call.reason))

    async def _addressed(self, pending: _Pending) -> _Addressed | None:
        row = pending.row
        if not KINDS[row.kind].confirms:
            account = await account_of(self._ctx, row.user_id)
            if account is None:
                return None
            recipient = recipient_by_mail(self._ctx, account, pending.settings)
            return _Addressed(recipient, self._addresses.link(KINDS[row.kind].path, _facts(row)))
        issued = await confirmation_of(self._ctx, UUID(_facts(row)[CONFIRMATION]))
        if issued is None:
            return None
        recipient = reader_of(self._ctx, row, issued, pending.settings)
        link = self._addresses.confirmation(issued.purpose, issued.token)
        facts: dict[str, Any] = {"role": issued.role} if issued.role else {}
        if issued.expires_at is not None:
            facts["expires_at"] = issued.expires_at.isoformat()
        return _Addressed(recipient, link, facts)

    def _waits(self, pending: _Pending, channel: Channel) -> StepOutcome | None:
        row, now = pending.row, self._ctx.clock.now()
        if row.kind == DIGEST:
            return None
        if pending.choices.mode(channel.info, category_of(row)) is Mode.OFF:
            return self._noted(row.id, Unreachable(TURNED_OFF))
        quiet = pending.choices.quiet_until(channel.info, category_of(row), now)
        return None if quiet is None else StepOutcome(work=_later(row.id, quiet))

    async def _send(self, pending: _Pending, channel: Channel, addressed: _Addressed) -> Outcome:
        if pending.row.kind == DIGEST and not pending.bundle.items:
            return Unreachable("Nothing was left to tell.")
        if await self._is_suppressed(channel.info.name, addressed.recipient):
            return Unreachable("The address takes no more mail.")
        message = await self._message(pending, addressed)
        try:
            async with asyncio.timeout(channel.info.seconds):
                return _clean(await channel.send(message))
        except TimeoutError:
            return Postponed(f"It took more than {channel.info.seconds:g} seconds.")
        except Exception:
            self._ctx.log.exception("channel failed", channel=channel.info.name)
            return Postponed("The channel broke.")

    async def _is_suppressed(self, channel: str, recipient: Recipient) -> bool:
        if recipient.email is None:
            return False
        query = select(SuppressionRow.id).where(
            SuppressionRow.channel == channel, SuppressionRow.address == fold_email(recipient.email)
        )
        return await self._ctx.store.read(lambda session: session.scalar(query)) is not None

    async def _message(self, pending: _Pending, addressed: _Addressed) -> OutgoingMessage:
        row, recipient, link = pending.row, addressed.recipient, addressed.link
        tenant = self._ctx.tenant()
        common = complete({}, recipient, tenant.name)
        bundled = await self._ctx.in_worker(pending.bundle.facts, common, tenant.locale)
        facts = {**_facts(row), **addressed.facts, **bundled}
        words = await self._announcer.words(row.kind, facts, recipient, pending.custom)
        frame = Frame(
            academy=tenant.name,
            locale=words.locale,
            colour=colour_of(tenant.branding),
            link=link,
            action=words.action,
            footer=self._addresses.tenant_config().footer or "",
            unsubscribe_url=await self._unsubscribe_url(row),
            unsubscribe_label=unsubscribe_label(words.locale),
        )
        content = await html_or_text_of(self._ctx, words)
        return OutgoingMessage(
            id=row.id,
            message_id=row.message_id,
            kind=row.kind,
            category=category_of(row),
            recipient=recipient,
            subject=words.subject,
            text=plain(words.body, frame),
            html=document(words.subject, content, frame),
            link=link,
            unsubscribe_url=frame.unsubscribe_url,
            attempt=row.attempts + 1,
            targets=None if row.targets is None else tuple(json.loads(row.targets)),
        )

    async def _unsubscribe_url(self, row: NotificationRow) -> str:
        if category_of(row).is_mandatory:
            return ""
        category = EVERYTHING if row.kind == DIGEST else row.category
        key = await key_of(self._ctx, UNSUBSCRIBE)
        subscription = Subscription(row.user_id, row.channel, category)
        token = make_token(key, subscription, self._ctx.clock.now())
        return self._addresses.web(f"/api/v1/notifications/unsubscribe/{token}")

    def _noted(
        self, identifier: UUID, outcome: Outcome, bundle: Bundle | None = None
    ) -> StepOutcome:
        tenant, domain = self._ctx.tenant(), self._addresses.sender_domain()

        def work(session: Session) -> None:
            row = session.get(NotificationRow, identifier)
            if row is None or row.status != DeliveryStatus.PENDING:
                return
            _note(session, row, outcome, self._retry)
            if row.kind == DIGEST and row.status != DeliveryStatus.PENDING:
                choices = Choices.load(session, row.user_id, tenant)
                settle(session, row, bundle or Bundle(), choices, domain)

        if isinstance(outcome, Refused | Postponed):
            self._ctx.log.warning(
                "message not delivered", notification=str(identifier), problem=outcome.problem
            )
        return StepOutcome(work=work)


def _facts(row: NotificationRow) -> dict[str, Any]:
    facts: dict[str, Any] = json.loads(row.facts)
    return facts


def _clean(outcome: Outcome) -> Outcome:
    """What a server of others said, of characters that the store takes."""
    if isinstance(outcome, Refused | Postponed):
        return replace(outcome, problem=storable(outcome.problem)[:MAXIMUM_PROBLEM])
    return outcome


def _load(
    session: Session, identifier: UUID, tenant: TenantInfo, channels: Mapping[str, Channel]
) -> _Pending | None:
    row = session.get(NotificationRow, identifier)
    if row is None or row.status != DeliveryStatus.PENDING:
        return None
    choices = Choices.load(session, row.user_id, tenant)
    bundle = Bundle()
    if row.kind == DIGEST and row.channel in channels:
        bundle = bundle_of(session, row, choices, channels[row.channel].info)
    return _Pending(
        row,
        choices,
        session.get(SettingsRow, row.user_id),
        custom_wordings(session, row.kind),
        bundle,
    )


def _note(session: Session, row: NotificationRow, outcome: Outcome, retry: RetryConfig) -> None:
    row.attempts += 1
    if isinstance(outcome, Sent):
        row.status, row.sent_at, row.problem = DeliveryStatus.SENT, session.now, None
    elif isinstance(outcome, Unreachable):
        row.status, row.problem = DeliveryStatus.SUPPRESSED, outcome.reason
    elif isinstance(outcome, Refused):
        row.status, row.problem = DeliveryStatus.FAILED, outcome.problem[:MAXIMUM_PROBLEM]
        if outcome.bounced_address:
            _suppress(session, row, outcome)
    else:
        _postpone(session, row, outcome, retry)


def _postpone(
    session: Session, row: NotificationRow, outcome: Postponed, retry: RetryConfig
) -> None:
    row.problem = outcome.problem[:MAXIMUM_PROBLEM]
    if outcome.targets is not None:
        row.targets = json.dumps(outcome.targets)
    if row.attempts >= retry.attempts:
        row.status = DeliveryStatus.FAILED
        return
    schedule(session, row, _next_try(session.now, row.attempts, outcome.after, retry, str(row.id)))


def _next_try(
    now: datetime, attempts: int, after: timedelta | None, retry: RetryConfig, key: str
) -> datetime:
    usual = Backoff(float(retry.first), float(retry.longest), jitter=0.1).durable(attempts, key)
    wished = 0.0 if after is None else min(after.total_seconds(), 86400.0)
    return now + timedelta(seconds=max(usual, wished))


def _suppress(session: Session, row: NotificationRow, outcome: Refused) -> None:
    address = fold_email(outcome.bounced_address)
    query = select(SuppressionRow).where(
        SuppressionRow.channel == row.channel, SuppressionRow.address == address
    )
    if session.scalar(query) is None:
        session.add(
            SuppressionRow(
                channel=row.channel,
                address=address,
                reason=outcome.problem[:MAXIMUM_PROBLEM],
                user_id=row.user_id,
                created_at=session.now,
            )
        )


def _later(identifier: UUID, due_at: datetime) -> Work:
    def work(session: Session) -> None:
        row = session.get(NotificationRow, identifier)
        if row is not None and row.status == DeliveryStatus.PENDING:
            schedule(session, row, due_at)

    return work


def _forget(session: Session, identifier: UUID) -> None:
    session.execute(delete(NotificationRow).where(NotificationRow.id == identifier))
