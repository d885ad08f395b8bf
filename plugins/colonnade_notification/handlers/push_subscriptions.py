"""Handlers of push subscriptions: the browsers in which a person takes push messages."""

import hmac
from uuid import UUID

from sqlalchemy import func, select

from colonnade.errors import FieldError, ValidationFailed
from colonnade.lookups import permitted
from colonnade.messages import Empty
from colonnade.operations import Call, handles
from colonnade.pagination import Listing, Page, SortKey, paginate
from colonnade.services import ServiceContext
from colonnade.store import Session
from colonnade_notification.addressing.keys import VAPID, key_of
from colonnade_notification.api import (
    CreatePushSubscription,
    DeletePushSubscription,
    EndpointTaken,
    GetPushKey,
    ListPushSubscriptions,
    PushKey,
    PushKeys,
    PushSubscription,
    TooManySubscriptions,
)
from colonnade_notification.channels.push.encryption import check_keys, public_key
from colonnade_notification.channels.push.endpoints import (
    EndpointRefused,
    canonical,
    check_literal,
    parse_endpoint,
)
from colonnade_notification.config import PushConfig
from colonnade_notification.handlers.callers import person
from colonnade_notification.models import PushSubscriptionRow
from colonnade_notification.presentation import present_push_subscription
from colonnade_notification.resources import PUSH_SUBSCRIPTION

MAXIMUM_SUBSCRIPTIONS = 20
"""Browsers one person may have."""

PUSH_SUBSCRIPTIONS = Listing(
    PushSubscriptionRow, PUSH_SUBSCRIPTION, user_id=PushSubscriptionRow.user_id
)
_NEWEST = [
    SortKey(PushSubscriptionRow.created_at, descending=True),
    SortKey(PushSubscriptionRow.id),
]


class PushSubscriptionHandlers:
    """Operations on push subscriptions."""

    def __init__(self, ctx: ServiceContext, config: PushConfig) -> None:
        self._ctx = ctx
        self._config = config

    @handles(GetPushKey)
    async def get_push_key(self, request: GetPushKey, call: Call) -> PushKey:
        """Read the academy's public key, which is made when it is first read."""
        return PushKey(public_key=public_key(await key_of(self._ctx, VAPID)))

    @handles(CreatePushSubscription)
    async def create_push_subscription(
        self, request: CreatePushSubscription, call: Call
    ) -> PushSubscription:
        """Keep a subscription, if messages can be sent to it at all."""
        user_id = person(call)
        endpoint = self._checked(request)

        def work(session: Session) -> PushSubscription:
            row = _own_row(session, endpoint, request.keys, user_id)
            if row is None:
                row = PushSubscriptionRow(
                    id=self._ctx.new_id(),
                    user_id=user_id,
                    endpoint=endpoint,
                    p256dh=request.keys.p256dh,
                    auth=request.keys.auth,
                    label=request.label,
                    created_at=session.now,
                )
            row.p256dh, row.auth = request.keys.p256dh, request.keys.auth
            row.label = request.label
            call.require(session, PUSH_SUBSCRIPTION, row)
            session.add(row)
            session.flush()
            _check_number(session, user_id)
            return present_push_subscription(row)

        return await self._ctx.store.run(work)

    @handles(ListPushSubscriptions)
    async def list_push_subscriptions(
        self, request: ListPushSubscriptions, call: Call
    ) -> Page[PushSubscription]:
        """List the caller's own, newest first."""
        query = PUSH_SUBSCRIPTIONS.query(call, user_id=person(call))
        return await self._ctx.store.read(
            lambda session: paginate(session, query, _NEWEST, request, present_push_subscription)
        )

    @handles(DeletePushSubscription)
    async def delete_push_subscription(self, request: DeletePushSubscription, call: Call) -> Empty:
        """Delete one."""
        identifier = request.subscription_id

        def work(session: Session) -> Empty:
            row = permitted(session, call, PUSH_SUBSCRIPTION, PushSubscriptionRow, identifier)
            session.delete(row)
            return Empty()

        return await self._ctx.store.run(work)

    def _checked(self, request: CreatePushSubscription) -> str:
        private = self._config.private_endpoints
        try:
            parts = parse_endpoint(request.endpoint, private=private)
            check_literal(parts, private=private)
            endpoint = canonical(parts)
        except EndpointRefused as error:
            raise ValidationFailed(
                fields=[FieldError("/endpoint", str(error), "endpoint")]
            ) from None
        try:
            check_keys(request.keys.p256dh, request.keys.auth)
        except ValueError:
            message = "are not the keys of a push subscription"
            raise ValidationFailed(fields=[FieldError("/keys", message, "keys")]) from None
        return endpoint


def _own_row(
    session: Session, endpoint: str, keys: PushKeys, user_id: UUID
) -> PushSubscriptionRow | None:
    """The subscription at an endpoint, if it is this person's.

    Another's is taken away from them when the keys are the same: those are in that browser alone,
    so whoever has them sits at it. Its id goes too, so that nothing of theirs is left.

    Raises:
        EndpointTaken: it is another's, and the keys are not the same.
    """
    query = select(PushSubscriptionRow).where(PushSubscriptionRow.endpoint == endpoint)
    row = session.scalar(query)
    if row is None or row.user_id == user_id:
        return row
    if not _same_keys(row, keys):
        raise EndpointTaken("Unsubscribe in this browser and subscribe again.")
    session.delete(row)
    session.flush()
    return None


def _same_keys(row: PushSubscriptionRow, keys: PushKeys) -> bool:
    kept, given = f"{row.p256dh} {row.auth}", f"{keys.p256dh} {keys.auth}"
    return hmac.compare_digest(kept.replace("=", "").encode(), given.replace("=", "").encode())


def _check_number(session: Session, user_id: UUID) -> None:
    owned = select(func.count()).where(PushSubscriptionRow.user_id == user_id)
    if (session.scalar(owned) or 0) > MAXIMUM_SUBSCRIPTIONS:
        raise TooManySubscriptions(
            f"You may have {MAXIMUM_SUBSCRIPTIONS} browsers; delete one first."
        )
