"""Refresh tokens, inside a unit of work: one row a session, and every used one still recognised.

A token is the family's secret followed by one of its own, both random. The row of its session
keeps the digest of the first, so that whoever brings it held a token of this session; the one row
beside it keeps the digest of the only token that is not used yet. Any other token of the family
was therefore used before, however long ago, and nothing has to be kept of it.
"""

import hashlib
import secrets
from collections.abc import Mapping

from sqlalchemy import delete, select, update

from colonnade.store import Session
from colonnade_user.models import RefreshTokenRow, SessionRow

FAMILY_BYTES = 18
"""Random bytes that the tokens of a session share: 24 characters."""

TOKEN_BYTES = 33
"""Random bytes of each token's own: 44 characters."""

_FAMILY_CHARACTERS = FAMILY_BYTES * 4 // 3


def digest_of(text: str) -> bytes:
    """What is kept of a secret; 144 random bits and more need no salt and no stretching."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()


def first_token(session: Session, row: SessionRow) -> str:
    """Found the family of a new session, and give out its first token."""
    family = secrets.token_urlsafe(FAMILY_BYTES)
    row.family = digest_of(family)
    token = _token(family)
    session.add(RefreshTokenRow(digest=digest_of(token), session_id=row.id, issued_at=session.now))
    return token


def session_row_of(session: Session, token: str) -> SessionRow | None:
    """The session to whose family `token` belongs, used or not."""
    family = digest_of(token[:_FAMILY_CHARACTERS])
    row = session.scalars(select(SessionRow).where(SessionRow.family == family)).first()
    if row is not None:
        return row
    found = session.get(RefreshTokenRow, digest_of(token))
    return None if found is None else session.get(SessionRow, found.session_id)


def exchange(session: Session, row: SessionRow, token: str) -> str | None:
    """The token that follows `token`, or nothing when it was used before."""
    family = token[:_FAMILY_CHARACTERS]
    if row.family != digest_of(family):
        return _leave_the_past(session, row, token)
    following = _token(family)
    replaced = {"digest": digest_of(following), "issued_at": session.now}
    return following if _use(session, token, replaced) else None


def _leave_the_past(session: Session, row: SessionRow, token: str) -> str | None:
    """Found the family of a session that began before there were any.

    The rows of its used tokens, this one's included, stay until the session ends: they belong to
    no family by which they could be recognised.
    """
    if row.family is not None or not _use(session, token, {"used_at": session.now}):
        return None
    return first_token(session, row)


def forget_tokens(session: Session, row: SessionRow) -> None:
    """Delete what is kept of a session's tokens."""
    session.execute(delete(RefreshTokenRow).where(RefreshTokenRow.session_id == row.id))


def _token(family: str) -> str:
    return family + secrets.token_urlsafe(TOKEN_BYTES)


def _use(session: Session, token: str, change: Mapping[str, object]) -> bool:
    """Whether `token` was the one to use; the condition decides it, whoever else tries."""
    changed = session.execute(
        update(RefreshTokenRow)
        .where(RefreshTokenRow.digest == digest_of(token), RefreshTokenRow.used_at.is_(None))
        .values(**change)
        .returning(RefreshTokenRow.session_id)
        .execution_options(synchronize_session=False)
    )
    return changed.first() is not None
