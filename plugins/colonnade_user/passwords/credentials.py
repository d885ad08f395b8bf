"""Credentials in the store, inside a unit of work: password hashes and their replacement."""

from dataclasses import dataclass, field
from uuid import UUID

from colonnade.store import Session
from colonnade_user.api import InvalidCredentials, PasswordChanged, Purpose, SessionEnd
from colonnade_user.confirmations.records import delete_confirmations_of
from colonnade_user.models import CredentialRow
from colonnade_user.sessions.records import end_sessions_of


@dataclass(frozen=True, slots=True)
class Credential:
    """Password hash of an account, as it was read."""

    user_id: UUID
    password_hash: str = field(repr=False)


def credential_of(session: Session, user_id: UUID) -> Credential | None:
    """Read the credential of an account; None when the account is gone."""
    row = session.get(CredentialRow, user_id)
    return None if row is None else Credential(row.user_id, row.password_hash)


def replace_hash(session: Session, verified: Credential, replacement: str | None) -> None:
    """Replace the hash that was verified; without a replacement, only check that it still holds.

    Raises:
        InvalidCredentials: the password was changed since it was read.
    """
    row = session.get(CredentialRow, verified.user_id)
    if row is None or row.password_hash != verified.password_hash:
        raise InvalidCredentials("The password was changed a moment ago; sign in again.")
    if replacement is not None:
        row.password_hash = replacement
        row.changed_at = session.now


def reset_password(session: Session, user_id: UUID, password_hash: str) -> None:
    """Set a new hash: every session ends, and links mailed for the account stop working."""
    credential = session.get_one(CredentialRow, user_id)
    credential.password_hash = password_hash
    credential.changed_at = session.now
    password_changed(session, user_id)


def password_changed(session: Session, user_id: UUID, *, keep: UUID | None = None) -> None:
    """End the sessions of an account, except the one to `keep`, and publish `PasswordChanged`.

    Links that were mailed to reset the password or to change the address stop working.
    """
    end_sessions_of(session, user_id, SessionEnd.PASSWORD_CHANGED, keep=keep)
    delete_confirmations_of(session, user_id, Purpose.PASSWORD_RESET, Purpose.EMAIL_CHANGE)
    session.publish(PasswordChanged(user_id=user_id))
