"""Invitations in the store, inside a unit of work."""

from uuid import UUID

from sqlalchemy import select

from colonnade.store import Session
from colonnade_user.api import InvitationStatus
from colonnade_user.confirmations.records import delete_confirmations
from colonnade_user.models import ConfirmationRow, InvitationRow

EXPIRED_AT_ONCE = 500


def pending_invitation(session: Session, folded_email: str) -> InvitationRow | None:
    """Find the pending invitation to an address."""
    return session.scalars(
        select(InvitationRow).where(
            InvitationRow.folded_email == folded_email,
            InvitationRow.status == InvitationStatus.PENDING,
            InvitationRow.expires_at > session.now,
        )
    ).first()


def revoke(session: Session, row: InvitationRow) -> None:
    """Revoke a pending invitation; its links stop working."""
    if row.status != InvitationStatus.PENDING:
        return
    row.status = InvitationStatus.REVOKED
    _delete_confirmation(session, row.id)


def revoke_invitations_of(session: Session, user_id: UUID) -> None:
    """Revoke the pending invitations of a user who lost rights or was deleted."""
    query = select(InvitationRow).where(
        InvitationRow.invited_by == user_id, InvitationRow.status == InvitationStatus.PENDING
    )
    for row in session.scalars(query).all():
        revoke(session, row)


def _delete_confirmation(session: Session, invitation_id: UUID) -> None:
    confirmation = session.get(ConfirmationRow, invitation_id)
    if confirmation is not None:
        delete_confirmations(session, confirmation)


def expire_invitations(session: Session) -> int:
    """Mark overdue invitations as expired, at most `EXPIRED_AT_ONCE`; return their number."""
    overdue = (
        select(InvitationRow)
        .where(
            InvitationRow.status == InvitationStatus.PENDING,
            InvitationRow.expires_at <= session.now,
        )
        .limit(EXPIRED_AT_ONCE)
    )
    rows = session.scalars(overdue).all()
    for row in rows:
        row.status = InvitationStatus.EXPIRED
    return len(rows)
