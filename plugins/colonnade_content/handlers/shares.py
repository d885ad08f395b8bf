"""Sharing of content items, and what somebody may let others see."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import func, select

from colonnade.errors import FieldError, NotFound, ValidationFailed
from colonnade.lookups import absent, permitted
from colonnade.messages import Empty
from colonnade.operations import Call, handles
from colonnade.pagination import Page, SortKey, paginate
from colonnade.policy import ResourceType
from colonnade.services import ServiceContext
from colonnade.store import Session
from colonnade_content.api import (
    ListPublishableContent,
    ListPublishableFiles,
    ListPublishableMedia,
    ListShares,
    Publishable,
    Share,
    ShareContent,
    TooManyShares,
    UnshareContent,
)
from colonnade_content.models import ContentRow, FileRow, MediaRow, ShareRow
from colonnade_content.resources import CONTENT, FILE, MEDIA
from colonnade_user.api import GetUser

MAXIMUM_SHARES = 100
"""People with whom one content item is shared."""

OLDEST = [SortKey(ShareRow.created_at), SortKey(ShareRow.user_id)]

Row = type[ContentRow] | type[FileRow] | type[MediaRow]


class Sharing:
    """Handles what is asked about sharing."""

    def __init__(self, ctx: ServiceContext) -> None:
        self._ctx = ctx

    @handles(ShareContent)
    async def share(self, request: ShareContent, call: Call) -> Share:
        """Remember it; whom it is shared with already is answered as they are."""

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
            return _present(row)

        return await self._ctx.store.run(work)

    @handles(UnshareContent)
    async def unshare(self, request: UnshareContent, call: Call) -> Empty:
        """Forget it."""

        def work(session: Session) -> Empty:
            content = permitted(session, call, CONTENT, ContentRow, request.content_id)
            row = session.get(ShareRow, (content.id, request.user_id))
            if row is None:
                raise absent("share")
            session.delete(row)
            return Empty()

        return await self._ctx.store.run(work)

    @handles(ListShares)
    async def list(self, request: ListShares, call: Call) -> Page[Share]:
        """With whom, in the order it happened."""

        def work(session: Session) -> Page[Share]:
            content = permitted(session, call, CONTENT, ContentRow, request.content_id)
            query = select(ShareRow).where(ShareRow.content_id == content.id)
            return paginate(session, query, OLDEST, request, _present)

        return await self._ctx.store.read(work)

    @handles(ListPublishableContent)
    async def publishable_content(self, request: ListPublishableContent, call: Call) -> Publishable:
        """Those that the policy grants."""
        return await self._publishable(call, CONTENT, ContentRow, request.ids)

    @handles(ListPublishableFiles)
    async def publishable_files(self, request: ListPublishableFiles, call: Call) -> Publishable:
        """Those that the policy grants."""
        return await self._publishable(call, FILE, FileRow, request.ids)

    @handles(ListPublishableMedia)
    async def publishable_media(self, request: ListPublishableMedia, call: Call) -> Publishable:
        """Those that the policy grants."""
        return await self._publishable(call, MEDIA, MediaRow, request.ids)

    async def _require_teacher(self, user_id: UUID) -> None:
        """Raises: ValidationFailed: nobody else may do anything with what is shared with them."""
        try:
            with self._ctx.as_service():
                await self._ctx.ask(GetUser(user_id=user_id))
        except NotFound:
            message = "names nobody here whose role is instructor, admin or owner"
            problem = FieldError("/user_id", message, "unknown")
            raise ValidationFailed(fields=[problem]) from None

    async def _publishable(
        self, call: Call, kind: ResourceType, row: Row, ids: Sequence[UUID]
    ) -> Publishable:
        query = select(row.id).where(row.id.in_(ids), call.visible(kind))
        found = await self._ctx.store.read(lambda session: session.scalars(query).all())
        return Publishable(ids=list(found))


def _check_room(session: Session, content_id: UUID) -> None:
    shares = select(func.count()).where(ShareRow.content_id == content_id)
    if session.scalars(shares).one() >= MAXIMUM_SHARES:
        raise TooManyShares(f"It is shared with {MAXIMUM_SHARES} people; that is the most.")


def _present(row: ShareRow) -> Share:
    return Share.model_validate({name: getattr(row, name) for name in Share.model_fields})
