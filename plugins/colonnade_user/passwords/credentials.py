"""Passwords' hashes in the store, inside a unit of work, and what ends when one is replaced."""

from uuid import UUID

from colonnade.store import Session
from colonnade_user.api import PasswordChanged, Purpose, SessionEnd
from colonnade_user.confirmations.records import close_of
from colonnade_user.models import CredentialRow
from colonnade_user.sessions.records import end_sessions_of


def password_hash_of(session: Session, user_id: UUID) -> str | None:
    """The hash of an account's password; None when the account is gone."""
    row = session.get(CredentialRow, user_id)
    return None if row is None else row.password_hash


def replace_password(session: Session, user_id: UUID, password_hash: str) -> None:
    """Set a password: every session ends, and links that were mailed for the account die."""
    credential = session.get_one(CredentialRow, user_id)
    credential.password_hash = password_hash
    credential.changed_at = session.now
    end_sessions_of(session, user_id, SessionEnd.PASSWORD_CHANGED)
    close_of(session, user_id, Purpose.PASSWORD_RESET, Purpose.EMAIL_CHANGE)
    session.publish(PasswordChanged(user_id=user_id))
