"""Events of the user service."""

from typing import Annotated
from uuid import UUID

from colonnade.events import Event, event
from colonnade.personal import Personal
from colonnade_user.api.confirmations import Purpose
from colonnade_user.api.values import Role, SessionEnd, UserStatus


@event("user", key="user_id")
class UserRegistered(Event):
    """An account was opened. The e-mail address is not part of it: ask when you need it."""

    user_id: UUID
    name: Annotated[str, Personal()]
    role: Role


@event("user", key="user_id")
class UserRoleChanged(Event):
    """The role of an account changed."""

    user_id: UUID
    previous: Role
    role: Role


@event("user", key="user_id")
class UserStatusChanged(Event):
    """An account was suspended or activated again."""

    user_id: UUID
    previous: UserStatus
    status: UserStatus


@event("user", key="user_id")
class PasswordChanged(Event):
    """The password of an account changed; its other sessions have ended."""

    user_id: UUID


@event("user", key="user_id")
class UserDeleted(Event):
    """An account was deleted; services that keep personal data of it erase that."""

    user_id: UUID


@event("user", key="user_id")
class ProfileUpdated(Event):
    """The name or the profile of a user changed."""

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
    """A mail is to be sent; its sender asks for address and token when it does.

    `user_id` is whose account it is about, where there is one.
    """

    confirmation_id: UUID
    purpose: Purpose
    user_id: UUID | None = None


@event("user", key="user_id")
class EmailChanged(Event):
    """The e-mail address of an account changed; the address is not part of the event."""

    user_id: UUID


@event("user", key="user_id")
class InvitationAccepted(Event):
    """An invitation was accepted and its account opened."""

    invitation_id: UUID
    user_id: UUID
    role: Role
    courses: list[UUID]
