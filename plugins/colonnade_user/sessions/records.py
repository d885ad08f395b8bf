"""Sessions in the store, inside a unit of work.

A session is a family of refresh tokens: each works once and brings the next. One that comes a
second time was stolen, or used by two programs at once; which of the two cannot be told, so the
whole family ends. Only a client that trades its last token again within seconds, from the network
that it came from before, gets what it got then: it lost the answer, or has two tabs.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import delete, select

from colonnade.identifiers import new_id
from colonnade.store import Session
from colonnade_user.api import SessionEnd, SessionEnded
from colonnade_user.config import UserConfig
from colonnade_user.models import RefreshTokenRow, SessionRow
from colonnade_user.throttling.devices import forget_devices
from colonnade_user.throttling.digests import digest, digest_key
from colonnade_user.tokens.refresh_tokens import (
    exchange_token,
    first_token,
    forget_tokens,
    new_family,
    repeated_exchange,
    session_row_of,
)

MAXIMUM_SESSIONS = 50
"""Live sessions one user may have; the longest unused one makes room."""

PRUNED_AT_ONCE = 500
"""Sessions that one transaction deletes."""


@dataclass(frozen=True, slots=True)
class GrantedSession:
    """A live session and the refresh token that continues it."""

    user_id: UUID
    session_id: UUID
    refresh_token: str


@dataclass(frozen=True, slots=True)
class RefusedToken:
    """Refusal of a refresh token; `ended_for` is the user whose session ended because of it."""

    ended_for: UUID | None = None


@dataclass(frozen=True, slots=True)
class Lifetimes:
    """Lifetimes of sessions: unused, and in total; and the time in which a refresh may be
    repeated."""

    idle: timedelta
    total: timedelta
    repetition: timedelta

    @classmethod
    def of(cls, config: UserConfig) -> "Lifetimes":
        """Read the lifetimes from the operator's configuration."""
        return cls(
            timedelta(seconds=config.session_idle_lifetime),
            timedelta(seconds=config.session_lifetime),
            timedelta(seconds=config.refresh_repetition),
        )

    def expiry(self, created_at: datetime, now: datetime) -> datetime:
        """Time at which a session used at `now` expires."""
        return min(now + self.idle, created_at + self.total)


def is_live(row: SessionRow | None, now: datetime) -> bool:
    """True for a session that has not expired; an ended one has no row."""
    return row is not None and row.expires_at > now


def open_session(session: Session, user_id: UUID, lifetimes: Lifetimes) -> GrantedSession:
    """Begin a session, and delete the user's expired and surplus ones."""
    _delete_old(session, user_id)
    row = SessionRow(
        id=new_id(),
        user_id=user_id,
        created_at=session.now,
        last_used_at=session.now,
        expires_at=lifetimes.expiry(session.now, session.now),
    )
    session.add(row)
    # Before anything is written, or the session's row would be written twice.
    return GrantedSession(user_id, row.id, first_token(session, row, new_family()))


def continue_session(
    session: Session, token: str, lifetimes: Lifetimes, network: str
) -> GrantedSession | RefusedToken:
    """Issue the next refresh token of the family to a client in `network`, or refuse `token`.

    A used token ends its family, and that has to be committed: this is why it does not raise.
    """
    row = session_row_of(session, token)
    if row is None or not is_live(row, session.now):
        return RefusedToken()
    following = exchange_token(session, row, token)
    origin = digest(digest_key(session), network) if network else None
    if following is None and origin is not None and origin == row.exchanged_from:
        again = repeated_exchange(session, row, token, session.now - lifetimes.repetition)
        if again is not None:
            return GrantedSession(row.user_id, row.id, again)
    if following is None:
        end_session(session, row, SessionEnd.TOKEN_REUSED)
        return RefusedToken(ended_for=row.user_id)
    row.exchanged_from = origin
    row.last_used_at = session.now
    row.expires_at = lifetimes.expiry(row.created_at, session.now)
    return GrantedSession(row.user_id, row.id, following)


def end_session(session: Session, row: SessionRow, reason: SessionEnd) -> None:
    """Delete a session with all its tokens, and publish its end."""
    forget_tokens(session, row)
    session.delete(row)
    session.publish(SessionEnded(user_id=row.user_id, session_id=row.id, reason=reason))


def end_sessions_of(
    session: Session, user_id: UUID, reason: SessionEnd, *, keep: UUID | None = None
) -> None:
    """Delete every session of a user, except the one to `keep`, and every device: the next
    sign-in is throttled like a stranger's until the password is right."""
    forget_devices(session, user_id)
    for row in session.scalars(select(SessionRow).where(SessionRow.user_id == user_id)).all():
        if row.id != keep:
            end_session(session, row, reason)


def prune_sessions(session: Session) -> int:
    """Delete expired sessions, at most `PRUNED_AT_ONCE`; return their number."""
    expired = (
        select(SessionRow.id).where(SessionRow.expires_at <= session.now).limit(PRUNED_AT_ONCE)
    )
    found = session.scalars(expired).all()
    if found:
        session.execute(delete(RefreshTokenRow).where(RefreshTokenRow.session_id.in_(found)))
        session.execute(delete(SessionRow).where(SessionRow.id.in_(found)))
    return len(found)


def _delete_old(session: Session, user_id: UUID) -> None:
    oldest_first = (
        select(SessionRow).where(SessionRow.user_id == user_id).order_by(SessionRow.last_used_at)
    )
    live = []
    for row in session.scalars(oldest_first).all():
        if is_live(row, session.now):
            live.append(row)
        else:
            forget_tokens(session, row)
            session.delete(row)
    for row in live[: max(0, len(live) - MAXIMUM_SESSIONS + 1)]:
        end_session(session, row, SessionEnd.TOO_MANY_SESSIONS)
