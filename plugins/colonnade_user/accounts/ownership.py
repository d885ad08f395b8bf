"""Protection of owners, whatever a policy permits: an academy always keeps an active owner."""

from sqlalchemy import select

from colonnade.store import Session
from colonnade_user.api import LastOwner, OwnerProtected, Role, UserStatus
from colonnade_user.models import UserRow


def protect_owner(session: Session, user: UserRow, principal_id: str) -> None:
    """Refuse to demote, suspend or delete an owner; other accounts pass.

    Raises:
        OwnerProtected: another principal than that owner asks.
        LastOwner: no other active owner would be left.
    """
    if user.role != Role.OWNER:
        return
    if str(user.id) != principal_id:
        raise OwnerProtected("Only an owner may demote, suspend or delete themself.")
    active = select(UserRow.id).where(
        UserRow.role == Role.OWNER, UserRow.status == UserStatus.ACTIVE
    )
    # Locked, so that two owners who leave at the same moment do not both count the other.
    if not set(session.scalars(active.with_for_update()).all()) - {user.id}:
        raise LastOwner("You are the last owner; make somebody else an owner first.")
