"""Refresh tokens in the store, inside a unit of work: one row a session recognises every used one.

A token is the family's secret followed by one of its own, both random. The session's row stores the
digest of the first, which proves that the bearer held a token of this session; one row beside it
stores the digest of the only token that is not used yet. Any other token of the family was
therefore used before, however long ago, and nothing has to be stored of it.

A token's own part follows from the token before by a key of the session, so that a client which
trades one twice in a few seconds, since it lost the answer or has two tabs, gets the same one both
times. Who has a used token and not the key learns nothing from it.
"""

import base64
import hashlib
import hmac
import secrets
from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import delete, select, update

from colonnade.store import Session
from colonnade_user.models import RefreshTokenRow, SessionRow

FAMILY_BYTES = 18
"""Random bytes that the tokens of a session share: 24 characters."""

TOKEN_BYTES = 33
"""Random bytes of each token's own: 44 characters."""

SUCCESSION_BYTES = 32
"""Random bytes of the key by which one token follows from another (RFC 2104 §3)."""

_FAMILY_CHARACTERS = FAMILY_BYTES * 4 // 3


def digest_of(text: str) -> bytes:
    """SHA-256 of a secret; 144 random bits and more need no salt and no stretching."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()


def new_family() -> str:
    """Make the secret that the tokens of one session share."""
    return secrets.token_urlsafe(FAMILY_BYTES)


def first_token(session: Session, row: SessionRow, family: str) -> str:
    """Return the first token of a family, which becomes that of the session."""
    row.family = digest_of(family)
    token = _token(family)
    session.add(RefreshTokenRow(digest=digest_of(token), session_id=row.id, issued_at=session.now))
    return token


def session_row_of(session: Session, token: str) -> SessionRow | None:
    """Find the session to whose family `token` belongs, used or not."""
    family = digest_of(token[:_FAMILY_CHARACTERS])
    row = session.scalars(select(SessionRow).where(SessionRow.family == family)).first()
    if row is not None:
        return row
    found = session.get(RefreshTokenRow, digest_of(token))
    return None if found is None else session.get(SessionRow, found.session_id)


def exchange_token(session: Session, row: SessionRow, token: str) -> str | None:
    """Exchange `token` for its successor; None when it was used before."""
    family = token[:_FAMILY_CHARACTERS]
    if row.family != digest_of(family):
        return _exchange_without_family(session, row, token)
    if row.succession is None:
        row.succession = secrets.token_bytes(SUCCESSION_BYTES)
    following = _successor(row.succession, token)
    replaced = {"digest": digest_of(following), "issued_at": session.now}
    return following if _use(session, token, replaced) else None


def repeated_exchange(session: Session, row: SessionRow, token: str, since: datetime) -> str | None:
    """The successor of a used `token` again, while it is the session's last one and was made at
    `since` or later; None otherwise."""
    if row.succession is None:
        return None
    following = _successor(row.succession, token)
    live = session.get(RefreshTokenRow, digest_of(following))
    is_last = live is not None and live.session_id == row.id and live.used_at is None
    return following if live is not None and is_last and live.issued_at >= since else None


def _exchange_without_family(session: Session, row: SessionRow, token: str) -> str | None:
    """Create the family of a session of an earlier version, which had none.

    The rows of its used tokens, this one's included, stay until the session ends: they belong to
    no family by which they could be recognised.
    """
    if row.family is not None or not _use(session, token, {"used_at": session.now}):
        return None
    return first_token(session, row, new_family())


def forget_tokens(session: Session, row: SessionRow) -> None:
    """Delete the tokens of a session."""
    session.execute(delete(RefreshTokenRow).where(RefreshTokenRow.session_id == row.id))


def _successor(succession: bytes, token: str) -> str:
    following = hmac.digest(succession, token.encode("utf-8", "surrogatepass"), "sha256")
    own = base64.urlsafe_b64encode(following).rstrip(b"=").decode()
    return token[:_FAMILY_CHARACTERS] + own


def _token(family: str) -> str:
    return family + secrets.token_urlsafe(TOKEN_BYTES)


def _use(session: Session, token: str, change: Mapping[str, object]) -> bool:
    """Mark `token` as used; True if it was unused. The condition of the update decides a race."""
    changed = session.execute(
        update(RefreshTokenRow)
        .where(RefreshTokenRow.digest == digest_of(token), RefreshTokenRow.used_at.is_(None))
        .values(**change)
        .returning(RefreshTokenRow.session_id)
        .execution_options(synchronize_session=False)
    )
    return changed.first() is not None
