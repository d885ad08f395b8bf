"""Targets of references: files and pictures that a content item shows or links to.

Whoever may read an item may read what it refers to. So an item refers to nothing that its author
could not show by themselves; a link to anything else stays in the text, and leads nowhere.
"""

import re
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import delete, select

from colonnade.services import ServiceContext
from colonnade.store import Session
from colonnade_content.api import ListPublishableFiles, ListPublishableMedia
from colonnade_content.models import ContentReferenceRow, ContentRow

MAXIMUM_REFERENCES = 500
"""Links to files and pictures that are followed in one text."""

_LINK = re.compile(
    r"/(?:files|media)/([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})\b",
    re.IGNORECASE,
)


async def publishable_targets(ctx: ServiceContext, values: Mapping[str, Any]) -> set[UUID]:
    """Ask which files and pictures named in an item's `values` the caller may publish."""
    wanted = sorted(_named(values.get("body"), values.get("file_id"), values.get("media_id")))
    if not wanted:
        return set()
    files = await ctx.ask(ListPublishableFiles(ids=wanted[:MAXIMUM_REFERENCES]))
    media = await ctx.ask(ListPublishableMedia(ids=wanted[:MAXIMUM_REFERENCES]))
    return {*files.ids, *media.ids}


def stored_targets(session: Session, content_id: UUID) -> set[UUID]:
    """Read what an item refers to by now; whoever may change it need not give that up."""
    query = select(ContentReferenceRow.target_id)
    return set(session.scalars(query.where(ContentReferenceRow.content_id == content_id)))


def store_references(session: Session, row: ContentRow, allowed: set[UUID]) -> None:
    """Write what an item refers to, as far as it is `allowed`."""
    session.execute(delete(ContentReferenceRow).where(ContentReferenceRow.content_id == row.id))
    for target in _named(row.body, row.file_id, row.media_id) & allowed:
        session.add(ContentReferenceRow(content_id=row.id, target_id=target))
    session.flush()


def _named(body: str | None, *shown: UUID | None) -> set[UUID]:
    linked = list(dict.fromkeys(_LINK.findall(body or "")))[:MAXIMUM_REFERENCES]
    return {UUID(text) for text in linked} | {each for each in shown if each is not None}
