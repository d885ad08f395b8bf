"""Sessions and their refresh tokens, inside a unit of work.

A session is a family of refresh tokens: each works once and brings the next. One that comes a
second time was stolen, or used by two programs at once; which of the two cannot be told, so the
whole family ends. There is no grace period: a client must not refresh twice at the same time.
"""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import delete, select, update

from colonnade.identifiers import new_id
from colonnade.store import Session
from colonnade_user.api import SessionEnd, SessionEnded
from colonnade_user.config import UserConfig
from colonnade_user.models import RefreshTokenRow, SessionRow

MAXIMUM_SESSIONS = 50
"""Live sessions one user may have; the longest unused one makes room."""

TOKEN_BYTES = 32


@dataclass(frozen=True, slots=True)
class Granted:
    """A live session and the refresh token that continues it."""

    user_id: UUID
    session_id: UUID
    refresh_token: str


@dataclass(frozen=True, slots=True)
class Refused:
    """A refresh token that continues nothing; `ended_for` is whose session ended over it."""

    ended_for: UUID | None = None


@dataclass(frozen=True, slots=True)
class Lifetimes:
    """How long sessions last."""

    idle: timedelta
    total: timedelta

    @classmethod
    def of(cls, config: UserConfig) -> "Lifetimes":
        """What the operator has set."""
        return cls(
            timedelta(seconds=config.session_idle_lifetime),
            timedelta(seconds=config.session_lifetime),
        )

    def expiry(self, created_at: datetime, now: datetime) -> datetime:
        """When a session used at `now` ends by itself."""
        return min(now + self.idle, created_at + self.total)


def digest_of(token: str) -> bytes:
    """What is kept of a refresh token; 256 random bits need no salt and no stretching."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()


def is_live(row: SessionRow | None, now: datetime) -> bool:
    """Whether a session still is one; an ended one has no row."""
    return row is not None and row.expires_at > now


def open_session(session: Session, user_id: UUID, lifetimes: Lifetimes) -> Granted:
    """Begin a session, and sweep away what is left of the user's old ones."""
    _sweep(session, user_id)
    row = SessionRow(
        id=new_id(),
        user_id=user_id,
        created_at=session.now,
        last_used_at=session.now,
        expires_at=lifetimes.expiry(session.now, session.now),
    )
    session.add(row)
    session.flush()
    return Granted(user_id, row.id, _issue_token(session, row.id))


def continue_session(session: Session, token: str, lifetimes: Lifetimes) -> Granted | Refused:
    """The next refresh token of the family, or a refusal when `token` continues nothing.

    A used token ends its family, and that has to be committed: this is why it does not raise.
    """
    found = session.get(RefreshTokenRow, digest_of(token))
    if found is None:
        return Refused()
    row = session.get(SessionRow, found.session_id)
    if row is None or not is_live(row, session.now):
        return Refused()
    if not _use_up(session, found.digest):
        end_session(session, row, SessionEnd.TOKEN_REUSED)
        return Refused(ended_for=row.user_id)
    row.last_used_at = session.now
    row.expires_at = lifetimes.expiry(row.created_at, session.now)
    return Granted(row.user_id, row.id, _issue_token(session, row.id))


def session_of_token(session: Session, token: str) -> SessionRow | None:
    """The session whose family `token` belongs to, used or not."""
    found = session.get(RefreshTokenRow, digest_of(token))
    return None if found is None else session.get(SessionRow, found.session_id)


def end_session(session: Session, row: SessionRow, reason: SessionEnd) -> None:
    """Forget a session with all its tokens."""
    session.execute(delete(RefreshTokenRow).where(RefreshTokenRow.session_id == row.id))
    session.delete(row)
    session.publish(SessionEnded(user_id=row.user_id, session_id=row.id, reason=reason))


def end_sessions_of(
    session: Session, user_id: UUID, reason: SessionEnd, *, keep: UUID | None = None
) -> None:
    """Forget every session of a user, except the one to `keep`."""
    for row in session.scalars(select(SessionRow).where(SessionRow.user_id == user_id)).all():
        if row.id != keep:
            end_session(session, row, reason)


def _use_up(session: Session, digest: bytes) -> bool:
    """Whether this is the first use; the condition decides it, whoever else tries."""
    used = session.execute(
        update(RefreshTokenRow)
        .where(RefreshTokenRow.digest == digest, RefreshTokenRow.used_at.is_(None))
        .values(used_at=session.now)
        .returning(RefreshTokenRow.digest)
        .execution_options(synchronize_session=False)
    )
    return used.first() is not None


def _issue_token(session: Session, session_id: UUID) -> str:
    token = secrets.token_urlsafe(TOKEN_BYTES)
    session.add(
        RefreshTokenRow(digest=digest_of(token), session_id=session_id, issued_at=session.now)
    )
    return token


def _sweep(session: Session, user_id: UUID) -> None:
    oldest_first = (
        select(SessionRow).where(SessionRow.user_id == user_id).order_by(SessionRow.last_used_at)
    )
    live = []
    for row in session.scalars(oldest_first).all():
        if is_live(row, session.now):
            live.append(row)
        else:
            session.execute(delete(RefreshTokenRow).where(RefreshTokenRow.session_id == row.id))
            session.delete(row)
    for row in live[: max(0, len(live) - MAXIMUM_SESSIONS + 1)]:
        end_session(session, row, SessionEnd.TOO_MANY_SESSIONS)
