"""The browsers that somebody takes push messages with."""

from sqlalchemy import func, select

from colonnade.errors import FieldError, ValidationFailed
from colonnade.lookups import permitted
from colonnade.messages import Empty
from colonnade.operations import Call, handles
from colonnade.pagination import Page, SortKey, paginate
from colonnade.services import ServiceContext
from colonnade.store import Session
from colonnade_notification.api import (
    CreatePushSubscription,
    DeletePushSubscription,
    GetPushKey,
    ListPushSubscriptions,
    PushKey,
    PushSubscription,
    TooManySubscriptions,
)
from colonnade_notification.callers import person
from colonnade_notification.config import PushConfig
from colonnade_notification.keys import VAPID, key_of
from colonnade_notification.models import PushSubscriptionRow
from colonnade_notification.push_encryption import check_keys, public_key
from colonnade_notification.push_endpoints import EndpointRefused, check_literal, parse_endpoint
from colonnade_notification.resources import PUSH_SUBSCRIPTION

MAXIMUM_SUBSCRIPTIONS = 20
"""Browsers one person may have."""

_NEWEST = [
    SortKey(PushSubscriptionRow.created_at, descending=True),
    SortKey(PushSubscriptionRow.id),
]


class PushSubscriptions:
    """The operations on push subscriptions."""

    def __init__(self, ctx: ServiceContext, config: PushConfig) -> None:
        self._ctx = ctx
        self._config = config

    @handles(GetPushKey)
    async def get_push_key(self, request: GetPushKey, call: Call) -> PushKey:
        """The academy's own."""
        return PushKey(public_key=public_key(await key_of(self._ctx, VAPID)))

    @handles(CreatePushSubscription)
    async def create(self, request: CreatePushSubscription, call: Call) -> PushSubscription:
        """Keep it, if messages can be sent to it at all."""
        user_id = person(call)
        self._check(request)

        def work(session: Session) -> PushSubscription:
            row = session.scalar(
                select(PushSubscriptionRow).where(PushSubscriptionRow.endpoint == request.endpoint)
            )
            if row is None:
                row = PushSubscriptionRow(
                    id=self._ctx.new_id(), endpoint=request.endpoint, created_at=session.now
                )
            # Whoever has the browser now: it may have been somebody else's.
            row.user_id = user_id
            row.p256dh, row.auth = request.keys.p256dh, request.keys.auth
            row.label = request.label
            call.require(session, PUSH_SUBSCRIPTION, row)
            session.add(row)
            session.flush()
            owned = select(func.count()).where(PushSubscriptionRow.user_id == user_id)
            if (session.scalar(owned) or 0) > MAXIMUM_SUBSCRIPTIONS:
                raise TooManySubscriptions(
                    f"You may have {MAXIMUM_SUBSCRIPTIONS} browsers; delete one first."
                )
            return _present(row)

        return await self._ctx.store.run(work)

    @handles(ListPushSubscriptions)
    async def list_subscriptions(
        self, request: ListPushSubscriptions, call: Call
    ) -> Page[PushSubscription]:
        """One's own."""
        query = select(PushSubscriptionRow).where(
            PushSubscriptionRow.user_id == person(call), call.visible(PUSH_SUBSCRIPTION)
        )
        return await self._ctx.store.read(
            lambda session: paginate(session, query, _NEWEST, request, _present)
        )

    @handles(DeletePushSubscription)
    async def delete(self, request: DeletePushSubscription, call: Call) -> Empty:
        """Send there no more."""
        identifier = request.subscription_id

        def work(session: Session) -> Empty:
            row = permitted(session, call, PUSH_SUBSCRIPTION, PushSubscriptionRow, identifier)
            session.delete(row)
            return Empty()

        return await self._ctx.store.run(work)

    def _check(self, request: CreatePushSubscription) -> None:
        private = self._config.private_endpoints
        try:
            check_literal(parse_endpoint(request.endpoint, private=private), private=private)
        except EndpointRefused as error:
            raise ValidationFailed(
                fields=[FieldError("/endpoint", str(error), "endpoint")]
            ) from None
        try:
            check_keys(request.keys.p256dh, request.keys.auth)
        except ValueError:
            message = "are not the keys of a push subscription"
            raise ValidationFailed(fields=[FieldError("/keys", message, "keys")]) from None


def _present(row: PushSubscriptionRow) -> PushSubscription:
    return PushSubscription(
        id=row.id, endpoint=row.endpoint, label=row.label, created_at=row.created_at
    )
