"""Renderings: the HTML of texts, made once, before a text is stored, and stored with it."""

from collections.abc import Callable, Sequence
from html import escape
from uuid import UUID

from sqlalchemy import or_, select

from colonnade.errors import ColonnadeError, Unavailable, ValidationFailed, WorkEnded
from colonnade.events import Work
from colonnade.services import ServiceContext
from colonnade.store import Session
from colonnade_content.models import ContentRow, RenderingRow
from colonnade_content.rendering.bodies import RendererFailed, cannot_be_rendered, render_body

RENDERER = 1
"""Grows when the same text becomes other HTML than before; stored HTML is then made again."""

SECONDS = 4.0
"""Processor time for one text. 200,000 characters of prose take half a second."""

AT_ONCE = 10
"""Texts of one look for those without HTML."""


class Renderings:
    """Renderer of texts in a process apart, where each has its time and academies take turns."""

    def __init__(self, ctx: ServiceContext) -> None:
        self._ctx = ctx

    async def html_of(self, body: str) -> str:
        """Render a text that is about to be stored.

        Raises:
            ValidationFailed: it cannot be rendered, or not within its bounds.
            Unavailable: too much work waits.
        """
        try:
            return await self._ctx.in_process(render_body, body, seconds=SECONDS)
        except WorkEnded as error:
            raise cannot_be_rendered(error.message) from error
        except RendererFailed as error:
            self._ctx.log.warning("the renderer failed", error=error)
            raise cannot_be_rendered("The renderer fails on it.") from None

    async def render_stored(self, content_id: UUID, body: str) -> str:
        """Render a text that was stored without its HTML, and store that.

        A text that cannot be rendered is shown as it was written.
        """
        try:
            html = await self.html_of(body)
        except ValidationFailed:
            html = f"<pre>{escape(body)}</pre>"
        try:
            await self._ctx.store.run(_late(content_id, body, html))
        except ColonnadeError as error:
            # Whoever reads has their answer all the same.
            self._ctx.log.warning("the HTML of a text could not be kept", error=error)
        return html

    async def render_outdated(self) -> None:
        """Render what was written before, so that nobody has to wait for it at a read."""
        after: UUID | None = None
        while found := await self._ctx.store.read(_outdated(after)):
            for content_id, body in found:
                try:
                    await self.render_stored(content_id, body)
                except Unavailable:
                    # Others need the processes; what is left is for the next time.
                    return
                after = content_id


def stored_html(session: Session, content_id: UUID) -> str | None:
    """Read the HTML of a text as it is made today; None where that is not there."""
    row = session.get(RenderingRow, content_id)
    return row.html if row is not None and row.renderer == RENDERER else None


def store_html(session: Session, content_id: UUID, html: str) -> None:
    """Store the HTML of a content item's text, in the transaction that stores the text."""
    session.upsert(RenderingRow(content_id=content_id, html=html, renderer=RENDERER))


def _late(content_id: UUID, body: str, html: str) -> Work:
    def work(session: Session) -> None:
        row = session.get(ContentRow, content_id)
        # Another text was written meanwhile, and came with its own.
        if row is not None and row.body == body:
            store_html(session, content_id, html)

    return work


def _outdated(after: UUID | None) -> Callable[[Session], Sequence[tuple[UUID, str]]]:
    is_outdated = or_(RenderingRow.content_id.is_(None), RenderingRow.renderer != RENDERER)
    query = (
        select(ContentRow.id, ContentRow.body)
        .outerjoin(RenderingRow, RenderingRow.content_id == ContentRow.id)
        .where(ContentRow.body.is_not(None), is_outdated)
        .order_by(ContentRow.id)
        .limit(AT_ONCE)
    )
    if after is not None:
        query = query.where(ContentRow.id > after)
    return lambda session: [(identifier, body or "") for identifier, body in session.execute(query)]
