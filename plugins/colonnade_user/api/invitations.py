"""Invitations: an account offered by mail, with a role and courses to begin with."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated
from uuid import UUID

from pydantic import Field

from colonnade.messages import Empty, Message, Request
from colonnade.operations import operation
from colonnade.pagination import ListRequest, Page
from colonnade.personal import Personal
from colonnade_user.api.accounts import User
from colonnade_user.api.confirmations import Token
from colonnade_user.api.email_addresses import EmailAddress
from colonnade_user.api.errors import EmailTaken, InvitationPending, LinkOver
from colonnade_user.api.values import NewPassword, PersonName, Role

MAXIMUM_COURSES = 50
"""Courses that one invitation may name."""


class InvitationStatus(StrEnum):
    """Status of an invitation."""

    PENDING = "pending"
    ACCEPTED = "accepted"
    REVOKED = "revoked"
    EXPIRED = "expired"


class Invitation(Message):
    """An account that is offered. `user_id` is the one that was made, once it is accepted."""

    id: UUID
    email: Annotated[str, Personal()]
    role: Role
    courses: list[UUID]
    status: InvitationStatus
    invited_by: UUID | None
    user_id: UUID | None
    created_at: datetime
    expires_at: datetime
    version: int


@operation("user", action="invitation.create", errors=[EmailTaken, InvitationPending], per_day=2000)
class CreateInvitation(Request[Invitation]):
    """Offer an account to an address, by mail; whoever accepts chooses name and password."""

    email: EmailAddress
    role: Role = Role.LEARNER
    courses: list[UUID] = Field(
        default_factory=list,
        max_length=MAXIMUM_COURSES,
        description="Courses that the new account is enrolled in when it is made; they are "
        "the inviter's to give.",
    )


@operation("user", action="invitation.read")
class ListInvitations(ListRequest[Page[Invitation]]):
    """List the invitations that the caller may see, newest first."""

    status: InvitationStatus | None = None


@operation("user", action="invitation.read", idempotent=True)
class GetInvitation(Request[Invitation]):
    """Return one invitation."""

    invitation_id: UUID


@operation("user", action="invitation.revoke", per_day=2000)
class RevokeInvitation(Request[Empty]):
    """Take an invitation back; its link works no more. One that was accepted stays."""

    invitation_id: UUID


@operation("user", action="confirmation.redeem", errors=[LinkOver, EmailTaken])
class AcceptInvitation(Request[User]):
    """Open the account that was offered, with a name and a password of one's own."""

    token: Token
    name: PersonName
    password: NewPassword
