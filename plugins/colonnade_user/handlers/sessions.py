"""Operations on one's own sessions."""

from uuid import UUID

from sqlalchemy import select

from colonnade.errors import NotFound
from colonnade.messages import Empty
from colonnade.operations import Call, handles
from colonnade.pagination import Page, SortKey, paginate
from colonnade.services import ServiceContext
from colonnade.store import Session
from colonnade_user.api import (
    EndSession,
    EndSessions,
    ListSessions,
    SessionEnd,
    UserSession,
)
from colonnade_user.models import SessionRow
from colonnade_user.presentation import present_session
from colonnade_user.resources import SESSION
from colonnade_user.sessions.current import current_session
from colonnade_user.sessions.records import end_session, end_sessions_of


class SessionHandlers:
    """Handlers of the operations on `sessions`."""

    def __init__(self, ctx: ServiceContext) -> None:
        self._ctx = ctx

    @handles(ListSessions)
    async def list_sessions(self, request: ListSessions, call: Call) -> Page[UserSession]:
        """List the live sessions that the caller may see."""
        current = current_session(call)

        def work(session: Session) -> Page[UserSession]:
            query = select(SessionRow).where(
                call.visible(SESSION), SessionRow.expires_at > session.now
            )
            order = [SortKey(SessionRow.created_at, descending=True), SortKey(SessionRow.id)]
            return paginate(
                session, query, order, request, lambda row: present_session(row, current)
            )

        return await self._ctx.store.read(work)

    @handles(EndSession)
    async def end_session(self, request: EndSession, call: Call) -> Empty:
        """End one session of the caller's."""

        def work(session: Session) -> UUID:
            row = session.get(SessionRow, request.session_id)
            if row is None:
                raise NotFound("There is no such session, or none that you may see.")
            call.require(session, SESSION, row)
            end_session(session, row, SessionEnd.ENDED_BY_USER)
            return row.user_id

        self._ctx.invalidate_principal(str(await self._ctx.store.run(work)))
        await self._ctx.published()
        return Empty()

    @handles(EndSessions)
    async def end_sessions(self, request: EndSessions, call: Call) -> Empty:
        """End every session of the caller's, or every other one."""
        user_id = UUID(call.principal_id)
        keep = current_session(call) if request.keep_current else None

        def work(session: Session) -> None:
            own = select(SessionRow).where(call.visible(SESSION), SessionRow.user_id == user_id)
            for row in session.scalars(own).all():
                call.require(session, SESSION, row)
            end_sessions_of(session, user_id, SessionEnd.ENDED_BY_USER, keep=keep)

        await self._ctx.store.run(work)
        self._ctx.invalidate_principal(str(user_id))
        await self._ctx.published()
        return Empty()
