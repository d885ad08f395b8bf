"""Invitations in the store, inside a unit of work."""

from uuid import UUID

from sqlalchemy import select

from colonnade.store import Session
from colonnade_user.api import Invitation, InvitationStatus, Role
from colonnade_user.confirmations.records import close
from colonnade_user.models import ConfirmationRow, InvitationRow

EXPIRED_AT_ONCE = 500


def pending_to(session: Session, folded_email: str) -> InvitationRow | None:
    """The invitation to an address that nobody has accepted, if there is one."""
    return session.scalars(
        select(InvitationRow).where(
            InvitationRow.folded_email == folded_email,
            InvitationRow.status == InvitationStatus.PENDING,
            InvitationRow.expires_at > session.now,
        )
    ).first()


def revoke(session: Session, row: InvitationRow) -> None:
    """Take a pending invitation back; its links die."""
    if row.status != InvitationStatus.PENDING:
        return
    row.status = InvitationStatus.REVOKED
    settle(session, row.id)


def revoke_those_of(session: Session, user_id: UUID) -> None:
    """Take back what somebody offered who may do less from now on, or is gone."""
    query = select(InvitationRow).where(
        InvitationRow.invited_by == user_id, InvitationRow.status == InvitationStatus.PENDING
    )
    for row in session.scalars(query).all():
        revoke(session, row)


def settle(session: Session, invitation_id: UUID) -> None:
    """Forget the confirmation of an invitation."""
    confirmation = session.get(ConfirmationRow, invitation_id)
    if confirmation is not None:
        close(session, confirmation)


def expire_invitations(session: Session) -> int:
    """Mark invitations that nobody accepted in time, at most 500; answers how many."""
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


def presented(session: Session, row: InvitationRow) -> Invitation:
    """The invitation as it stands now."""
    overdue = row.status == InvitationStatus.PENDING and row.expires_at <= session.now
    return Invitation(
        id=row.id,
        email=row.email,
        role=Role(row.role),
        courses=[UUID(course) for course in row.courses],
        status=InvitationStatus.EXPIRED if overdue else InvitationStatus(row.status),
        invited_by=row.invited_by,
        user_id=row.user_id,
        created_at=row.created_at,
        expires_at=row.expires_at,
        version=row.version,
    )
