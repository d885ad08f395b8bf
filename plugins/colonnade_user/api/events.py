"""What the user service publishes."""

from typing import Annotated
from uuid import UUID

from colonnade.events import Event, event
from colonnade.personal import Personal
from colonnade_user.api.confirmations import Purpose
from colonnade_user.api.values import Role, SessionEnd, UserStatus


@event("user", key="user_id")
class UserRegistered(Event):
    """Somebody has an account. The e-mail address is not part of it: ask when you need it."""

    user_id: UUID
    name: Annotated[str, Personal()]
    role: Role


@event("user", key="user_id")
class UserRoleChanged(Event):
    """Somebody's role is another one now."""

    user_id: UUID
    previous: Role
    role: Role


@event("user", key="user_id")
class UserStatusChanged(Event):
    """Somebody was suspended, or may come back."""

    user_id: UUID
    previous: UserStatus
    status: UserStatus


@event("user", key="user_id")
class PasswordChanged(Event):
    """Somebody has another password now; their other sessions have ended."""

    user_id: UUID


@event("user", key="user_id")
class UserDeleted(Event):
    """An account is gone; whoever keeps personal data of it erases that."""

    user_id: UUID


@event("user", key="user_id")
class ProfileUpdated(Event):
    """Somebody changed their name or their profile."""

    user_id: UUID
    name: Annotated[str, Personal()]


@event("user", key="user_id")
class SessionEnded(Event):
    """A session ended before its time."""

    user_id: UUID
    session_id: UUID
    reason: SessionEnd


@event("user", key="confirmation_id")
class ConfirmationRequested(Event):
    """A mail is to be sent; whoever sends it asks for address and token when it does.

    `user_id` is whose account it is about, where there is one.
    """

    confirmation_id: UUID
    purpose: Purpose
    user_id: UUID | None = None


@event("user", key="user_id")
class EmailChanged(Event):
    """Somebody has another e-mail address now; it is not part of this."""

    user_id: UUID


@event("user", key="user_id")
class InvitationAccepted(Event):
    """Somebody opened the account that they were offered."""

    invitation_id: UUID
    user_id: UUID
    role: Role
    courses: list[UUID]
