"""Handlers of templates, for administrators."""

import base64
import json
from collections.abc import Mapping
from typing import Any

from sqlalchemy import func, select

from colonnade.errors import FieldError, InvalidRequest, NotFound, ValidationFailed
from colonnade.messages import Empty
from colonnade.operations import Call, handles
from colonnade.pagination import Page
from colonnade.services import ServiceContext
from colonnade.store import Session
from colonnade_notification.api import (
    DeleteTemplate,
    GetTemplate,
    ListTemplates,
    PreviewTemplate,
    PutTemplate,
    RenderedMessage,
    Template,
    TooManyTemplates,
)
from colonnade_notification.models import TemplateRow
from colonnade_notification.presentation import present_template
from colonnade_notification.wording import templating
from colonnade_notification.wording.catalogue import MessageCatalogue
from colonnade_notification.wording.kinds import MessageKind, sample_of
from colonnade_notification.wording.markup import checked_html
from colonnade_notification.wording.rendering import template_of_row
from colonnade_notification.wording.templates import (
    MessageTemplate,
    candidates,
    fill,
    fill_template,
)
from colonnade_notification.wording.templating import TemplateRefused

MAXIMUM_LANGUAGES = 50
"""Languages in which an academy may have one kind of message in its own words."""

_PARTS = ("subject", "text", "html", "action")


class TemplateHandlers:
    """Operations on templates."""

    def __init__(self, ctx: ServiceContext, catalogue: MessageCatalogue) -> None:
        self._ctx = ctx
        self._catalogue = catalogue

    @handles(ListTemplates)
    async def list_templates(self, request: ListTemplates, call: Call) -> Page[Template]:
        """List every kind and language, the tenant's own in place of the platform's."""
        start = _start(request.cursor)
        found = await self._ctx.store.read(
            lambda session: _templates_in_use(session, self._catalogue)
        )
        chosen = [
            item
            for item in found
            if request.kind in (None, item.kind) and request.locale in (None, item.locale)
        ]
        rest = [item for item in chosen if (item.kind, item.locale) > start]
        shown = rest[: request.limit]
        more = len(rest) > len(shown)
        following = _cursor(shown[-1]) if more else None
        return Page[Template](items=shown, next_cursor=following)

    @handles(GetTemplate)
    async def get_template(self, request: GetTemplate, call: Call) -> Template:
        """Read the one that a reader of that language gets."""
        kind = self._kind(request.kind)
        rows, known = await self._ctx.store.read(
            lambda session: (
                _rows(session, kind.name),
                self._catalogue.templates(session, kind.name),
            )
        )
        wanted = (request.locale, self._ctx.tenant().locale)
        template = next(candidates(kind.name, wanted, known))
        return present_template(
            kind, template, rows.get(template.locale) if template.custom else None
        )

    @handles(PutTemplate)
    async def put_template(self, request: PutTemplate, call: Call) -> Template:
        """Check and keep the tenant's own template."""
        kind = self._kind(request.kind)
        template = MessageTemplate(
            request.locale, request.subject, request.text, request.html, request.action, True
        )
        sample = self._sample(kind, request.locale)
        await self._ctx.in_worker(_check_template, template, sample)
        filled = await self._ctx.in_worker(fill_template, template, sample)
        await checked_html(self._ctx, filled)

        def work(session: Session) -> Template:
            row = session.get(TemplateRow, (kind.name, request.locale))
            call.check_version(0 if row is None else row.version)
            if row is None:
                _check_room(session, kind.name)
                row = TemplateRow(
                    kind=kind.name,
                    locale=request.locale,
                    subject=request.subject,
                    text=request.text,
                    updated_by=call.principal_id,
                )
                session.add(row)
            for part in _PARTS:
                setattr(row, part, getattr(request, part))
            row.problem, row.updated_by = None, call.principal_id
            row.updated_at = session.now
            session.flush()
            return present_template(kind, template, row)

        return await self._ctx.store.run(work)

    @handles(DeleteTemplate)
    async def delete_template(self, request: DeleteTemplate, call: Call) -> Empty:
        """Delete the tenant's own template, so that the platform's is used again."""
        kind = self._kind(request.kind)

        def work(session: Session) -> Empty:
            row = session.get(TemplateRow, (kind.name, request.locale))
            if row is None:
                raise NotFound("The academy has no template of its own for this.")
            call.check_version(row.version)
            session.delete(row)
            return Empty()

        return await self._ctx.store.run(work)

    @handles(PreviewTemplate)
    async def preview_template(self, request: PreviewTemplate, call: Call) -> RenderedMessage:
        """Fill a template with sample data; nothing is kept."""
        kind = self._kind(request.kind)
        facts = self._sample(kind, request.locale)
        template = _given_template(request)
        if template is not None:
            await self._ctx.in_worker(_check_template, template, facts)
            filled = await self._ctx.in_worker(fill_template, template, facts)
        else:
            custom = await self._ctx.store.read(lambda s: self._catalogue.templates(s, kind.name))
            wanted = (request.locale, self._ctx.tenant().locale)
            filled = await self._ctx.in_worker(fill, kind.name, facts, wanted, custom)
        html = await checked_html(self._ctx, filled)
        return RenderedMessage(
            kind=kind.name,
            locale=filled.locale,
            subject=filled.subject,
            text=filled.body,
            html=html,
            facts=facts,
        )

    def _kind(self, name: str) -> MessageKind:
        kind = self._catalogue.kinds.get(name)
        if kind is None:
            raise NotFound("There is no such kind of message; GET /api/v1/templates lists them.")
        return kind

    def _sample(self, kind: MessageKind, locale: str) -> dict[str, Any]:
        tenant = self._ctx.tenant()
        return sample_of(kind, tenant.name, locale, tenant.timezone)


def _given_template(request: PreviewTemplate) -> MessageTemplate | None:
    if request.subject is None and request.text is None and request.html is None:
        return None
    return MessageTemplate(
        request.locale,
        request.subject or "{{ academy.name }}",
        request.text or "{{ academy.name }}",
        request.html,
        request.action,
        True,
    )


def _check_template(template: MessageTemplate, facts: Mapping[str, Any]) -> None:
    wrong = []
    for part in _PARTS:
        source = getattr(template, part)
        if source is None:
            continue
        try:
            templating.check(source, facts)
            templating.render(source, facts, escape=part == "html")
        except TemplateRefused as error:
            wrong.append(FieldError(f"/{part}", error.message, "template"))
    if wrong:
        raise ValidationFailed("The template cannot be used.", fields=wrong)


def _check_room(session: Session, kind: str) -> None:
    owned = select(func.count()).select_from(TemplateRow).where(TemplateRow.kind == kind)
    if (session.scalar(owned) or 0) >= MAXIMUM_LANGUAGES:
        raise TooManyTemplates(
            f"The academy has this in {MAXIMUM_LANGUAGES} languages; delete one first."
        )


def _rows(session: Session, kind: str) -> dict[str, TemplateRow]:
    query = select(TemplateRow).where(TemplateRow.kind == kind)
    return {row.locale: row for row in session.scalars(query)}


def _templates_in_use(session: Session, catalogue: MessageCatalogue) -> list[Template]:
    rows = {(row.kind, row.locale): row for row in session.scalars(select(TemplateRow))}
    kinds = catalogue.kinds
    found = []
    for kind, locale in sorted({*catalogue.languages(), *(key for key in rows if key[0] in kinds)}):
        row = rows.get((kind, locale))
        brought = catalogue.brought_template(kind, locale)
        template = brought if row is None else template_of_row(row)
        if template is not None:
            found.append(present_template(kinds[kind], template, row))
    return found


def _cursor(last: Template) -> str:
    text = json.dumps([last.kind, last.locale])
    return base64.urlsafe_b64encode(text.encode()).rstrip(b"=").decode()


def _start(cursor: str | None) -> tuple[str, str]:
    if cursor is None:
        return ("", "")
    try:
        padded = cursor + "=" * (-len(cursor) % 4)
        kind, locale = json.loads(base64.b64decode(padded, altchars=b"-_", validate=True))
        if isinstance(kind, str) and isinstance(locale, str):
            return kind, locale
    except (ValueError, TypeError, RecursionError):
        pass
    raise InvalidRequest(
        "The cursor is not one that this list gave out; start again without it.",
        fields=[FieldError("?cursor", "not a cursor of this list", "cursor")],
    )
