"""External ids: names of items and files where they were imported from."""

from typing import TypeVar
from uuid import UUID

from sqlalchemy import ColumnElement, func, select

from colonnade.errors import FieldError
from colonnade.pagination import ListQuery
from colonnade.store import Session
from colonnade_content.api import DuplicateExternalId, ListContent, ListFiles
from colonnade_content.models import ContentRow, FileRow

Row = type[ContentRow] | type[FileRow]
RowT = TypeVar("RowT")


def with_prefix(
    query: ListQuery[RowT], row: Row, request: ListContent | ListFiles
) -> ListQuery[RowT]:
    """Narrow a query to external ids that begin as a request names."""
    if request.external_id_prefix is None:
        return query
    return query.narrowed(begins_with(row.external_id, request.external_id_prefix))


def require_unique(
    session: Session, row: Row, external_id: str | None, *, own_id: UUID | None = None
) -> None:
    """Refuse an external id that another row than `own_id` has.

    Raises:
        DuplicateExternalId: one has; `details.id` names it.
    """
    if external_id is None:
        return
    query = select(row.id).where(row.external_id == external_id)
    if own_id is not None:
        query = query.where(row.id != own_id)
    twin = session.scalar(query)
    if twin is not None:
        raise duplicate(row, {"id": str(twin)})


def duplicate(row: Row, details: dict[str, str] | None = None) -> DuplicateExternalId:
    """Make the error for an external id that is taken."""
    noun = "file" if row is FileRow else "content item"
    return DuplicateExternalId(
        f"Another {noun} has this external id.",
        details=details,
        fields=[FieldError("/external_id", "is taken", "taken")],
    )


def begins_with(column: ColumnElement[str | None], prefix: str) -> ColumnElement[bool]:
    """Compare the beginning of a text; upper and lower case differ, whatever the database."""
    return func.substr(column, 1, len(prefix)) == prefix
