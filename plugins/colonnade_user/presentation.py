"""Presentation: rows of the user service as messages of its contract."""

from datetime import datetime
from uuid import UUID

from colonnade_user.api import (
    Invitation,
    InvitationStatus,
    Profile,
    ProfileVisibility,
    Role,
    User,
    UserSession,
    UserStatus,
    Visibility,
)
from colonnade_user.models import InvitationRow, ProfileRow, SessionRow, UserRow

OPTIONAL_PROFILE_FIELDS = ("headline", "biography", "website", "location")
WIDEST_FIRST = (Visibility.PUBLIC, Visibility.MEMBERS, Visibility.PRIVATE)


def present_user(row: UserRow) -> User:
    """Present an account with every field, unmasked."""
    return User(
        id=row.id,
        email=row.email,
        name=row.name,
        role=Role(row.role),
        status=UserStatus(row.status),
        created_at=row.created_at,
        updated_at=row.updated_at,
        version=row.version,
        email_verified=row.email_verified_at is not None,
    )


def present_session(row: SessionRow, current: UUID | None) -> UserSession:
    """Present a session; `current` is the id of the one that asks."""
    return UserSession(
        id=row.id,
        created_at=row.created_at,
        last_used_at=row.last_used_at,
        expires_at=row.expires_at,
        current=row.id == current,
    )


def present_invitation(row: InvitationRow, now: datetime) -> Invitation:
    """Present an invitation at `now`; overdue ones are expired, also before pruning marks them."""
    overdue = row.status == InvitationStatus.PENDING and row.expires_at <= now
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
