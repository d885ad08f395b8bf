"""Rendering of messages: a kind's best template, filled for one recipient."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import bindparam, select

from colonnade.rows import prepare
from colonnade.services import ServiceContext
from colonnade.store import Session
from colonnade_notification.api import Recipient
from colonnade_notification.models import TemplateRow
from colonnade_notification.wording.templates import FilledTemplate, MessageTemplate, fill

LISTED = "items"
"""The fact that lists what a digest tells of."""

_OF_KIND = prepare(select(TemplateRow).where(TemplateRow.kind == bindparam("kind")))


class MessageRenderer:
    """Fills the templates of the tenant in context."""

    def __init__(self, ctx: ServiceContext) -> None:
        self._ctx = ctx

    async def render(
        self,
        kind: str,
        facts: Mapping[str, Any],
        recipient: Recipient,
        custom: Mapping[str, MessageTemplate],
    ) -> FilledTemplate:
        """A message of `kind`, from the tenant's own template first. One that broke is passed
        over; the log and its row say why."""
        known = complete(facts, recipient, self._ctx.tenant().name)
        wanted = (recipient.locale, self._ctx.tenant().locale)
        filled = await self._filled(kind, known, wanted, custom)
        if filled.problem:
            self._ctx.log.warning(
                "a template of the tenant's own was passed over",
                tenant=self._ctx.tenant().id,
                kind=kind,
                locale=filled.problem_locale,
                problem=filled.problem,
            )
            await self._ctx.store.run(lambda session: _note_problem(session, kind, filled))
        return filled

    async def _filled(
        self,
        kind: str,
        known: Mapping[str, Any],
        wanted: tuple[str, str],
        custom: Mapping[str, MessageTemplate],
    ) -> FilledTemplate:
        # What a tenant wrote may take long, and so may a long list; a platform's own sentence takes
        # less than the way to a thread.
        if custom or LISTED in known:
            return await self._ctx.in_worker(fill, kind, known, wanted, custom)
        return fill(kind, known, wanted, custom)


def complete(facts: Mapping[str, Any], recipient: Recipient, academy: str) -> dict[str, Any]:
    """The facts of a message with those that every message has."""
    return {
        **facts,
        # A recipient without a name is greeted by the address they are written to.
        "person": {"name": recipient.name or recipient.email or ""},
        "academy": {"name": academy},
        "locale": recipient.locale,
        "timezone": recipient.timezone,
    }


def custom_templates(session: Session, kind: str) -> dict[str, MessageTemplate]:
    """The tenant's own templates for one kind of message, by language."""
    rows = session.scalars(_OF_KIND, {"kind": kind})
    return {row.locale: template_of_row(row) for row in rows}


def template_of_row(row: TemplateRow) -> MessageTemplate:
    """The template that a row keeps."""
    return MessageTemplate(row.locale, row.subject, row.text, row.html, row.action, custom=True)


def _note_problem(session: Session, kind: str, filled: FilledTemplate) -> None:
    row = session.get(TemplateRow, (kind, filled.problem_locale))
    if row is not None and row.problem != filled.problem:
        row.problem = filled.problem
