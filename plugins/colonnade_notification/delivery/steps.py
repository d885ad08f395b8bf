"""Steps of the delivery saga: a message goes out at least once, under an id that stays the same."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import bindparam, delete, select

from colonnade.crash_points import crash_point, reach
from colonnade.events import Work
from colonnade.rows import prepare
from colonnade.sagas import StepCall, StepOutcome
from colonnade.services import ServiceContext, TenantInfo
from colonnade.store import Session
from colonnade_notification.api import (
    Channel,
    DeliveryOutcome,
    DeliveryStatus,
    Mode,
    Postponed,
    Recipient,
    Refused,
    Unreachable,
)
from colonnade_notification.config import RetryConfig
from colonnade_notification.delivery.composing import (
    MessageAddress,
    MessageComposer,
    PendingMessage,
)
from colonnade_notification.delivery.digests import (
    TURNED_OFF,
    DigestContent,
    close_digest,
    digest_content_of,
)
from colonnade_notification.delivery.outcomes import record_outcome, storable_outcome
from colonnade_notification.delivery.preferences import DeliveryPreferences
from colonnade_notification.delivery.recording import DeliveryState, category_of, schedule
from colonnade_notification.models import NotificationRow, SettingsRow, SuppressionRow
from colonnade_notification.wording.catalogue import MessageCatalogue
from colonnade_notification.wording.kinds import DIGEST
from colonnade_user.api import fold_email

SENT = crash_point("notification.sent", "a message was handed over; that is not recorded")

_SUPPRESSION = prepare(
    select(SuppressionRow.id).where(
        SuppressionRow.channel == bindparam("channel"),
        SuppressionRow.address == bindparam("address"),
    )
)


class DeliverySteps:
    """Runs the step of the delivery saga and its compensation."""

    def __init__(
        self,
        ctx: ServiceContext,
        channels: Sequence[Channel],
        composer: MessageComposer,
        retry: RetryConfig,
        catalogue: MessageCatalogue,
        sender_domain: Callable[[], str],
    ) -> None:
        self._ctx = ctx
        self._channels = {channel.info.name: channel for channel in channels}
        self._composer = composer
        self._retry = retry
        self._catalogue = catalogue
        self._sender_domain = sender_domain

    async def send_notification(self, call: StepCall) -> StepOutcome | None:
        """Send one message, once more, and record the outcome."""
        identifier = call.state_as(DeliveryState).notification_id
        tenant = self._ctx.tenant()
        pending = await self._ctx.store.read(
            lambda session: _load(session, identifier, tenant, self._channels, self._catalogue)
        )
        if pending is None:
            return None
        channel = self._channels.get(pending.row.channel)
        if channel is None:
            name = pending.row.channel
            return self._recorded(identifier, Refused(f"No enabled plugin has a channel '{name}'."))
        if pending.row.kind not in self._catalogue.kinds:
            kind = pending.row.kind
            return self._recorded(identifier, Refused(f"No enabled plugin has a kind '{kind}'."))
        held_back = self._held_back(pending, channel)
        if held_back is not None:
            return held_back
        address = await self._composer.address_of(pending)
        if address is None:
            return StepOutcome(work=lambda session: _delete(session, identifier))
        outcome = await self._send(pending, channel, address)
        reach(SENT)
        return self._recorded(identifier, outcome, pending.digest)

    async def give_up(self, call: StepCall) -> StepOutcome:
        """Record a failure: what this service itself needs could not be had for an hour."""
        identifier = call.state_as(DeliveryState).notification_id
        return self._recorded(identifier, Refused(call.reason))

    def _held_back(self, pending: PendingMessage, channel: Channel) -> StepOutcome | None:
        """The outcome of a message that its recipient's preferences keep from going out now."""
        row, now = pending.row, self._ctx.clock.now()
        if row.kind == DIGEST:
            return None
        own_category = self._catalogue.own_category(row.kind)
        if pending.preferences.mode(channel.info, category_of(row), own_category) is Mode.OFF:
            return self._recorded(row.id, Unreachable(TURNED_OFF))
        quiet = pending.preferences.quiet_until(channel.info, category_of(row), now)
        return None if quiet is None else StepOutcome(work=_rescheduled(row.id, quiet))

    async def _send(
        self, pending: PendingMessage, channel: Channel, address: MessageAddress
    ) -> DeliveryOutcome:
        if pending.row.kind == DIGEST and not pending.digest.items:
            return Unreachable("Nothing was left to tell.")
        if await self._is_suppressed(channel.info.name, address.recipient):
            return Unreachable("The address takes no more mail.")
        message = await self._composer.compose(pending, address)
        try:
            async with asyncio.timeout(channel.info.seconds):
                return storable_outcome(await channel.send(message))
        except TimeoutError:
            return Postponed(f"It took more than {channel.info.seconds:g} seconds.")
        except Exception:
            self._ctx.log.exception("channel failed", channel=channel.info.name)
            return Postponed("The channel broke.")

    async def _is_suppressed(self, channel: str, recipient: Recipient) -> bool:
        if recipient.email is None:
            return False
        values = {"channel": channel, "address": fold_email(recipient.email)}
        found = await self._ctx.store.read(lambda session: session.scalar(_SUPPRESSION, values))
        return found is not None

    def _recorded(
        self, identifier: UUID, outcome: DeliveryOutcome, digest: DigestContent | None = None
    ) -> StepOutcome:
        tenant, domain = self._ctx.tenant(), self._sender_domain()

        def work(session: Session) -> None:
            row = _pending_row(session, identifier)
            if row is None:
                return
            record_outcome(session, row, outcome, self._retry)
            if row.kind == DIGEST and row.status != DeliveryStatus.PENDING:
                preferences = DeliveryPreferences.load(session, row.user_id, tenant)
                close_digest(session, row, digest or DigestContent(), preferences, domain)

        if isinstance(outcome, Refused | Postponed):
            self._ctx.log.warning(
                "message not delivered", notification=str(identifier), problem=outcome.problem
            )
        return StepOutcome(work=work)


def _pending_row(session: Session, identifier: UUID) -> NotificationRow | None:
    """The row of a message that is still to be sent; a step that runs again may find none."""
    row = session.get(NotificationRow, identifier)
    return row if row is not None and row.status == DeliveryStatus.PENDING else None


def _load(
    session: Session,
    identifier: UUID,
    tenant: TenantInfo,
    channels: Mapping[str, Channel],
    catalogue: MessageCatalogue,
) -> PendingMessage | None:
    row = _pending_row(session, identifier)
    if row is None:
        return None
    preferences = DeliveryPreferences.load(session, row.user_id, tenant)
    digest = DigestContent()
    if row.kind == DIGEST and row.channel in channels:
        channel = channels[row.channel].info
        digest = digest_content_of(session, row, preferences, channel, catalogue)
    return PendingMessage(
        row,
        preferences,
        session.get(SettingsRow, row.user_id),
        catalogue.templates(session, row.kind),
        digest,
    )


def _rescheduled(identifier: UUID, due_at: datetime) -> Work:
    def work(session: Session) -> None:
        row = _pending_row(session, identifier)
        if row is not None:
            schedule(session, row, due_at)

    return work


def _delete(session: Session, identifier: UUID) -> None:
    session.execute(delete(NotificationRow).where(NotificationRow.id == identifier))
