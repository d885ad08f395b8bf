"""Handlers of the operations on content items: Markdown, files, pictures and links."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from sqlalchemy import delete, func, select

from colonnade.errors import FieldError, ValidationFailed
from colonnade.idempotency import once_if_keyed
from colonnade.lookups import permitted
from colonnade.messages import Empty
from colonnade.operations import Call, handles
from colonnade.pagination import Listing, Page, SortKey, paginate
from colonnade.patches import assign
from colonnade.rows import ConstraintViolated
from colonnade.services import ServiceContext
from colonnade.store import Session
from colonnade_content.api import (
    Content,
    ContentCreated,
    ContentDeleted,
    ContentFact,
    ContentInUse,
    ContentSummary,
    ContentUpdated,
    ContentVersion,
    CreateContent,
    DeleteContent,
    GetContent,
    ListContent,
    ListContentVersions,
    UpdateContent,
)
from colonnade_content.api.contents import SHOWN
from colonnade_content.models import (
    ContentReferenceRow,
    ContentRevisionRow,
    ContentRow,
    FileRow,
    LessonContentRow,
    MediaRow,
    RenderingRow,
    ShareRow,
)
from colonnade_content.presentation import (
    present_content,
    present_content_summary,
    present_content_version,
)
from colonnade_content.references.external_ids import (
    duplicate,
    require_unique,
    with_prefix,
)
from colonnade_content.references.targets import (
    publishable_targets,
    store_references,
    stored_targets,
)
from colonnade_content.rendering.renderings import Renderings, store_html, stored_html
from colonnade_content.resources import CONTENT

CHANGEABLE = ("title", *SHOWN.values(), "external_id")
CONTENTS = Listing(ContentRow, CONTENT, kind=ContentRow.kind, external_id=ContentRow.external_id)
REVISIONS = Listing(ContentRevisionRow, content_id=ContentRevisionRow.content_id)
ORDER = [SortKey(ContentRow.created_at, descending=True), SortKey(ContentRow.id)]
NEWEST_REVISION = [SortKey(ContentRevisionRow.revision, descending=True)]


class ContentHandlers:
    """Operations on content items."""

    def __init__(self, ctx: ServiceContext, renderings: Renderings) -> None:
        self._ctx = ctx
        self._renderings = renderings

    @handles(CreateContent)
    async def create_content(self, request: CreateContent, call: Call) -> Content:
        """Create an item and its first revision."""
        content_id, values = self._ctx.new_id(), request.model_dump()
        allowed = await publishable_targets(self._ctx, values)

        def checked(session: Session) -> ContentRow:
            row = ContentRow(id=content_id, revision=1, created_by=call.principal_id, **values)
            call.require(session, CONTENT, row)
            _check(session, row, allowed)
            return row

        # Before anything is worked on: whoever may not do this causes no work.
        await self._ctx.store.read(checked)
        html = await self._html_of(request.body)

        def work(session: Session) -> Content:
            row = checked(session)
            session.add(row)
            _write(session, row, call, html, allowed)
            session.publish(_fact(ContentCreated, row))
            return present_content(row, html)

        return await self._ctx.store.run(once_if_keyed(call, request, work))

    @handles(ListContent)
    async def list_content(self, request: ListContent, call: Call) -> Page[ContentSummary]:
        """List the items that the caller may read, newest first."""
        query = CONTENTS.query(call, kind=request.kind, external_id=request.external_id)
        query = with_prefix(query, ContentRow, request)
        return await self._ctx.store.read(
            lambda session: paginate(session, query, ORDER, request, present_content_summary)
        )

    @handles(GetContent)
    async def get_content(self, request: GetContent, call: Call) -> Content:
        """Read one item, rendered."""

        def work(session: Session) -> tuple[ContentRow, str | None]:
            row = permitted(session, call, CONTENT, ContentRow, request.content_id)
            return row, stored_html(session, row.id)

        return await self._present(*await self._ctx.store.read(work))

    @handles(UpdateContent)
    async def update_content(self, request: UpdateContent, call: Call) -> Content:
        """Change what was given; a change of what is shown is a new revision."""
        values = request.given(*CHANGEABLE)

        def found(session: Session) -> ContentRow:
            row = permitted(session, call, CONTENT, ContentRow, request.content_id)
            call.check_version(row.version)
            return row

        html = await self._html_of_change(request, found) if "body" in values else None
        given = await publishable_targets(self._ctx, request.model_dump(include=set(values)))

        def work(session: Session) -> tuple[ContentRow, str | None]:
            row = found(session)
            changed = assign(row, values)
            if changed:
                with session.no_autoflush:
                    allowed = given | stored_targets(session, row.id)
                    _check(session, row, allowed)
                row.revision += bool(changed - {"external_id"})
                _write(session, row, call, html, allowed)
                call.require(session, CONTENT, row)
                session.publish(_fact(ContentUpdated, row))
            return row, html or stored_html(session, row.id)

        return await self._present(*await self._ctx.store.run(work))

    @handles(DeleteContent)
    async def delete_content(self, request: DeleteContent, call: Call) -> Empty:
        """Delete an item that no lesson shows."""

        def work(session: Session) -> Empty:
            row = permitted(session, call, CONTENT, ContentRow, request.content_id)
            call.check_version(row.version)
            lessons = select(func.count()).where(LessonContentRow.content_id == row.id)
            count = session.scalars(lessons).one()
            if count:
                raise ContentInUse(f"{count} lessons show it.", details={"lessons": count})
            for part in (RenderingRow, ShareRow, ContentReferenceRow, ContentRevisionRow):
                session.execute(delete(part).where(part.content_id == row.id))
            session.publish(_fact(ContentDeleted, row))
            session.delete(row)
            return Empty()

        return await self._ctx.store.run(work)

    @handles(ListContentVersions)
    async def list_content_versions(
        self, request: ListContentVersions, call: Call
    ) -> Page[ContentVersion]:
        """List the revisions of an item, newest first."""

        def work(session: Session) -> Page[ContentVersion]:
            row = permitted(session, call, CONTENT, ContentRow, request.content_id)
            query = REVISIONS.query(call, content_id=row.id)
            return paginate(session, query, NEWEST_REVISION, request, present_content_version)

        return await self._ctx.store.read(work)

    async def _html_of(self, body: str | None) -> str | None:
        return None if body is None else await self._renderings.html_of(body)

    async def _html_of_change(
        self, request: UpdateContent, found: Callable[[Session], ContentRow]
    ) -> str | None:
        """Render the text that is given; one that is there already is not made again."""

        def before(session: Session) -> tuple[bool, str | None]:
            row = found(session)
            return row.body == request.body, stored_html(session, row.id)

        is_same, html = await self._ctx.store.read(before)
        return html if is_same and html is not None else await self._html_of(request.body)

    async def _present(self, row: ContentRow, html: str | None) -> Content:
        if html is None and row.body is not None:
            html = await self._renderings.render_stored(row.id, row.body)
        return present_content(row, html)


def _fact(model: type[ContentFact], row: ContentRow) -> ContentFact:
    values: dict[str, Any] = {"kind": row.kind, "title": row.title, "version": row.version}
    return model.model_validate({"content_id": row.id, **values})


def _check(session: Session, row: ContentRow, allowed: set[UUID]) -> None:
    wrong = []
    for kind, name in SHOWN.items():
        value = getattr(row, name)
        if kind == row.kind and value is None:
            wrong.append(FieldError(f"/{name}", f"is what {kind} content shows", "missing"))
        if kind != row.kind and value is not None:
            wrong.append(FieldError(f"/{name}", f"is only for {kind} content", "wrong_kind"))
    if not _is_there(session, FileRow, row.file_id, allowed):
        wrong.append(FieldError("/file_id", "names no file that you may show", "unknown"))
    if not _is_there(session, MediaRow, row.media_id, allowed):
        wrong.append(FieldError("/media_id", "names no picture that you may show", "unknown"))
    if wrong:
        raise ValidationFailed(fields=wrong)
    require_unique(session, ContentRow, row.external_id, own_id=row.id)


def _is_there(
    session: Session, kind: type[FileRow] | type[MediaRow], shown: UUID | None, allowed: set[UUID]
) -> bool:
    return shown is None or (shown in allowed and session.get(kind, shown) is not None)


def _write(
    session: Session, row: ContentRow, call: Call, html: str | None, allowed: set[UUID]
) -> None:
    """Write the row with its revision, its HTML and what it refers to."""
    try:
        session.flush()
    except ConstraintViolated:
        raise duplicate(ContentRow) from None
    names = ("title", "body", "url", "file_id", "media_id", "revision")
    session.upsert(
        ContentRevisionRow(
            content_id=row.id,
            changed_by=call.principal_id,
            created_at=session.now,
            **{name: getattr(row, name) for name in names},
        )
    )
    if html is not None:
        store_html(session, row.id, html)
    store_references(session, row, allowed)
