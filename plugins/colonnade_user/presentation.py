"""Presentation: rows of the user service as messages of its contract."""

from datetime import datetime
from uuid import UUID

from colonnade.presentation import present
from colonnade_user.api import (
    Invitation,
    InvitationStatus,
    Profile,
    ProfileVisibility,
    User,
    UserSession,
    Visibility,
)
from colonnade_user.models import InvitationRow, ProfileRow, SessionRow, UserRow

OPTIONAL_PROFILE_FIELDS = ("headline", "biography", "website", "location")
WIDEST_FIRST = (Visibility.PUBLIC, Visibility.MEMBERS, Visibility.PRIVATE)


def present_user(row: UserRow) -> User:
    """Present an account with every field, unmasked."""
    return present(User, row, email_verified=row.email_verified_at is not None)


def present_session(row: SessionRow, current: UUID | None) -> UserSession:
    """Present a session; `current` is the id of the one that asks."""
    return present(UserSession, row, current=row.id == current)


def present_invitation(row: InvitationRow, now: datetime) -> Invitation:
    """Present an invitation at `now`; overdue ones are expired, also before pruning marks them."""
    overdue = row.status == InvitationStatus.PENDING and row.expires_at <= now
    status = InvitationStatus.EXPIRED if overdue else row.status
    return present(Invitation, row, status=status)


def present_profile(user: UserRow, profile: ProfileRow, narrowest: Visibility) -> Profile:
    """Present a profile with the fields up to the visibility `narrowest`; the others are null."""
    visibility = ProfileVisibility.model_validate(profile.visibility)
    values = {"name": user.name}
    values |= {name: getattr(profile, name) for name in OPTIONAL_PROFILE_FIELDS}
    reach = WIDEST_FIRST.index(narrowest)
    shown = {
        name: value
        for name, value in values.items()
        if WIDEST_FIRST.index(getattr(visibility, name)) <= reach
    }
    return Profile(
        user_id=user.id,
        visibility=visibility if narrowest is Visibility.PRIVATE else None,
        version=profile.version,
        **shown,
    )
