"""Confirmations in the store, inside a unit of work: requested, issued, redeemed, pruned.

Only digests of tokens are kept. A mail that is sent again gets a token of its own, and the ones
before it keep working, since nobody knows which of the mails arrived: so no mail carries a dead
link, and the lifetime of a link begins when its mail goes out.
"""

import hashlib
import secrets
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import delete, func, or_, select

from colonnade.errors import FieldError
from colonnade.identifiers import new_id
from colonnade.store import Session
from colonnade_user.api import ConfirmationRequested, LinkOver, Purpose, fold_email
from colonnade_user.models import ConfirmationRow, ConfirmationTokenRow

TOKEN_BYTES = 32
TOKEN_LIFETIMES = {
    Purpose.PASSWORD_RESET: timedelta(minutes=30),
    Purpose.EMAIL_VERIFICATION: timedelta(days=1),
    Purpose.EMAIL_CHANGE: timedelta(days=1),
    Purpose.REGISTRATION: timedelta(days=1),
    Purpose.INVITATION: timedelta(days=7),
}
"""Time that a link works after its mail went out; mails and pages show when it ends."""

DELIVERY_TIME = timedelta(days=4)
"""Time that a mail may take to be sent: longer than the mail server is tried."""

MAXIMUM_RECENT = 3
"""Mails of one purpose that an address or account gets within `RECENT`, however often they are
asked for."""

RECENT = timedelta(minutes=30)

PRUNED_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class NewConfirmation:
    """Initial values of a confirmation; `id` where it shares that of an invitation."""

    purpose: Purpose
    email: str
    user_id: UUID | None = None
    name: str | None = None
    password_hash: str | None = None
    id: UUID | None = None


def request_confirmation(session: Session, wanted: NewConfirmation) -> None:
    """Request a mail, unless its address or account got `MAXIMUM_RECENT` of this kind lately."""
    folded = fold_email(wanted.email)
    if _recent(session, wanted, folded) >= MAXIMUM_RECENT:
        return
    row = ConfirmationRow(
        id=wanted.id or new_id(),
        purpose=wanted.purpose,
        user_id=wanted.user_id,
        email=wanted.email,
        folded_email=folded,
        name=wanted.name,
        password_hash=wanted.password_hash,
        created_at=session.now,
        expires_at=session.now + DELIVERY_TIME,
    )
    session.add(row)
    session.publish(
        ConfirmationRequested(
            confirmation_id=row.id, purpose=wanted.purpose, user_id=wanted.user_id
        )
    )


@dataclass(frozen=True, slots=True)
class NewToken:
    """Token of one mail, and the time until which its link works."""

    text: str = field(repr=False)
    expires_at: datetime


def issue_token(session: Session, row: ConfirmationRow) -> NewToken:
    """Issue a token for a confirmation; earlier ones stay valid until they expire."""
    token = secrets.token_urlsafe(TOKEN_BYTES)
    expires_at = session.now + TOKEN_LIFETIMES[Purpose(row.purpose)]
    # Each sending adds a row; the expired ones of the same confirmation go with it.
    session.execute(
        delete(ConfirmationTokenRow).where(
            ConfirmationTokenRow.confirmation_id == row.id,
            ConfirmationTokenRow.expires_at <= session.now,
        )
    )
    session.add(
        ConfirmationTokenRow(digest=digest_of(token), confirmation_id=row.id, expires_at=expires_at)
    )
    row.expires_at = max(row.expires_at, expires_at)
    return NewToken(token, expires_at)


def expiry_of(session: Session, token: str) -> datetime:
    """Time until which a token of `confirmation_of` works."""
    return session.get_one(ConfirmationTokenRow, digest_of(token)).expires_at


def confirmation_of(session: Session, token: str, *purposes: Purpose) -> ConfirmationRow:
    """Find the confirmation of a token that still works.

    Raises:
        LinkOver: it was used, is too old, was never made, or is for something else.
    """
    found = session.get(ConfirmationTokenRow, digest_of(token))
    row = None if found is None else session.get(ConfirmationRow, found.confirmation_id)
    if found is None or row is None or found.expires_at <= session.now:
        raise link_over()
    if purposes and row.purpose not in purposes:
        raise link_over()
    return row


def delete_confirmations(session: Session, *rows: ConfirmationRow) -> None:
    """Delete confirmations with all their tokens: no link of them works any more."""
    for row in rows:
        session.execute(
            delete(ConfirmationTokenRow).where(ConfirmationTokenRow.confirmation_id == row.id)
        )
        session.delete(row)


def delete_confirmations_of(session: Session, user_id: UUID, *purposes: Purpose) -> None:
    """Delete the confirmations of an account with these purposes; without any, all of them."""
    query = select(ConfirmationRow).where(ConfirmationRow.user_id == user_id)
    if purposes:
        query = query.where(ConfirmationRow.purpose.in_(purposes))
    delete_confirmations(session, *session.scalars(query).all())


def prune_confirmations(session: Session) -> int:
    """Delete expired confirmations, at most `PRUNED_AT_ONCE`; return their number."""
    query = (
        select(ConfirmationRow)
        .where(ConfirmationRow.expires_at <= session.now)
        .limit(PRUNED_AT_ONCE)
    )
    rows = session.scalars(query).all()
    delete_confirmations(session, *rows)
    return len(rows)


def digest_of(token: str) -> bytes:
    """SHA-256 of a token. 256 random bits need no salt and no stretching, and the time that a
    look-up by digest takes discloses nothing of the token."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()


def link_over() -> LinkOver:
    """Error for every token that does not work, whatever the cause."""
    return LinkOver(
        "This link works no more: it was used, is too old, or is incomplete. Ask for a new one.",
        fields=[FieldError("/token", "works no more", "over")],
    )


def _recent(session: Session, wanted: NewConfirmation, folded_email: str) -> int:
    same = ConfirmationRow.folded_email == folded_email
    if wanted.user_id is not None:
        # Per account as well: changing the address must not get around the limit.
        same = or_(same, ConfirmationRow.user_id == wanted.user_id)
    query = select(func.count()).where(
        same,
        ConfirmationRow.purpose == wanted.purpose,
        ConfirmationRow.created_at > session.now - RECENT,
    )
    return session.scalar(query) or 0
