"""Handlers of the operations on shares of content items."""

from uuid import UUID

from sqlalchemy import func, select

from colonnade.errors import FieldError, NotFound, ValidationFailed
from colonnade.idempotency import once_if_keyed
from colonnade.lookups import absent, permitted
from colonnade.messages import Empty
from colonnade.operations import Call, handles
from colonnade.pagination import Listing, Page, SortKey, paginate
from colonnade.services import ServiceContext
from colonnade.store import Session
from colonnade_content.api import (
    ListShares,
    Share,
    ShareContent,
    TooManyShares,
    UnshareContent,
)
from colonnade_content.models import ContentRow, ShareRow
from colonnade_content.presentation import present_share
from colonnade_content.resources import CONTENT
from colonnade_user.api import GetUser

MAXIMUM_SHARES = 100
"""People with whom one content item is shared."""

SHARES = Listing(ShareRow, content_id=ShareRow.content_id)
OLDEST = [SortKey(ShareRow.created_at), SortKey(ShareRow.user_id)]


class ShareHandlers:
    """Operations on shares of content items."""

    def __init__(self, ctx: ServiceContext) -> None:
        self._ctx = ctx

    @handles(ShareContent)
    async def share_content(self, request: ShareContent, call: Call) -> Share:
        """Share an item; a share that is there already is answered as it is."""

        def is_shared(session: Session) -> bool:
            content = permitted(session, call, CONTENT, ContentRow, request.content_id)
            return session.get(ShareRow, (content.id, request.user_id)) is not None

        # First of all, or anybody could find out here who has an account.
        if not await self._ctx.store.read(is_shared):
            await self._require_teacher(request.user_id)

        def work(session: Session) -> Share:
            content = permitted(session, call, CONTENT, ContentRow, request.content_id)
            row = session.get(ShareRow, (content.id, request.user_id))
            if row is None:
                _check_room(session, content.id)
                row = ShareRow(
                    content_id=content.id,
                    user_id=request.user_id,
                    shared_by=call.principal_id,
                    created_at=session.now,
                )
                session.add(row)
            return present_share(row)

        return await self._ctx.store.run(once_if_keyed(call, request, work))

    @handles(UnshareContent)
    async def unshare_content(self, request: UnshareContent, call: Call) -> Empty:
        """Take a share back."""

        def work(session: Session) -> Empty:
            content = permitted(session, call, CONTENT, ContentRow, request.content_id)
            row = session.get(ShareRow, (content.id, request.user_id))
            if row is None:
                raise absent("share")
            session.delete(row)
            return Empty()

        return await self._ctx.store.run(work)

    @handles(ListShares)
    async def list_shares(self, request: ListShares, call: Call) -> Page[Share]:
        """List the shares of an item, oldest first."""

        def work(session: Session) -> Page[Share]:
            content = permitted(session, call, CONTENT, ContentRow, request.content_id)
            query = SHARES.query(call, content_id=content.id)
            return paginate(session, query, OLDEST, request, present_share)

        return await self._ctx.store.read(work)

    async def _require_teacher(self, user_id: UUID) -> None:
        """Ask the user service for a person who may work with what is shared with them.

        Raises:
            ValidationFailed: there is none of this id.
        """
        try:
            with self._ctx.as_service():
                await self._ctx.ask(GetUser(user_id=user_id))
        except NotFound:
            message = "names nobody here whose role is instructor, admin or owner"
            problem = FieldError("/user_id", message, "unknown")
            raise ValidationFailed(fields=[problem]) from None


def _check_room(session: Session, content_id: UUID) -> None:
    shares = select(func.count()).where(ShareRow.content_id == content_id)
    if session.scalars(shares).one() >= MAXIMUM_SHARES:
        raise TooManyShares(f"It is shared with {MAXIMUM_SHARES} people; that is the most.")
