"""Confirmations: steps that take effect when the reader of an address follows a mailed link."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated
from uuid import UUID

from pydantic import Field

from colonnade.messages import Empty, Message, Request
from colonnade.operations import operation
from colonnade.personal import Confidential, Personal
from colonnade_user.api.accounts import User
from colonnade_user.api.email_addresses import EmailAddress
from colonnade_user.api.errors import (
    EmailTaken,
    LinkOver,
    RegistrationClosed,
    WrongPassword,
)
from colonnade_user.api.values import KnownPassword, NewPassword, PersonName, Role

Token = Annotated[str, Field(min_length=1, max_length=200), Confidential()]


class Purpose(StrEnum):
    """Purpose of a mail of the user service. The last two carry no token: they only inform."""

    PASSWORD_RESET = "password_reset"  # noqa: S105
    EMAIL_VERIFICATION = "email_verification"
    EMAIL_CHANGE = "email_change"
    REGISTRATION = "registration"
    INVITATION = "invitation"
    ADDRESS_TAKEN = "address_taken"
    EMAIL_CHANGED = "email_changed"

    @property
    def has_token(self) -> bool:
        """True if the mail carries a link that does something."""
        return self not in (Purpose.ADDRESS_TAKEN, Purpose.EMAIL_CHANGED)


class IssuedConfirmation(Message):
    """Contents of a mail, for the one service that sends it.

    `token` is new at every asking, so that a mail that is sent again carries one that works;
    it does until `expires_at`.
    """

    purpose: Purpose
    email: Annotated[str, Personal()]
    user_id: UUID | None = None
    token: Annotated[str | None, Confidential()] = None
    role: Role | None = None
    expires_at: datetime | None = None


class ConfirmationState(Message):
    """Purpose of a link, with the name, language (BCP 47) and time zone (IANA) of its academy.

    The link works until `expires_at`.
    """

    purpose: Purpose
    email: Annotated[str, Personal()]
    academy: str
    locale: str
    role: Role | None = None
    expires_at: datetime | None = None
    timezone: str = "UTC"


@operation("user", action="confirmation.issue")
class IssueConfirmation(Request[IssuedConfirmation]):
    """Make a token for the mail about to be sent. For the service that sends mail, not people."""

    confirmation_id: UUID


@operation("user", action="confirmation.redeem", errors=[LinkOver])
class DescribeConfirmation(Request[ConfirmationState]):
    """Describe what a link would do; nothing is done yet."""

    token: Token


@operation("user", action="password.forget")
class RequestPasswordReset(Request[Empty]):
    """Request a mail with a link that replaces a forgotten password.

    The answer is the same, and takes the same time, whether there is an account or not.
    """

    email: EmailAddress


@operation("user", action="confirmation.redeem", errors=[LinkOver])
class ConfirmPasswordReset(Request[Empty]):
    """Set the password by the token of a mail; every session of the account ends."""

    token: Token
    password: NewPassword


@operation("user", action="user.reset_password", resource="user", per_day=1000)
class ResetUserPassword(Request[Empty]):
    """Mail a user a link with which they set a new password themself."""

    user_id: UUID


@operation("user", action="email.verify", per_day=20)
class RequestEmailVerification(Request[Empty]):
    """Request a mail with a link that verifies one's own address."""


@operation("user", action="confirmation.redeem", errors=[LinkOver])
class ConfirmEmailVerification(Request[Empty]):
    """Confirm one's own address by the token of a mail."""

    token: Token


@operation("user", action="email.change", errors=[WrongPassword], per_day=20)
class RequestEmailChange(Request[Empty]):
    """Request a mail to another address; its link makes that address one's own.

    The answer is the same whether the other address has an account or not.
    """

    email: EmailAddress
    password: KnownPassword


@operation("user", action="confirmation.redeem", errors=[LinkOver, EmailTaken])
class ConfirmEmailChange(Request[Empty]):
    """Change one's address by the token of a mail; the old address is notified."""

    token: Token


class Registration(Message):
    """Result of registering: the account, or null until the address is confirmed."""

    user: User | None = None


@operation("user", action="user.register", errors=[EmailTaken, RegistrationClosed])
class Register(Request[Registration]):
    """Open an account, at once or when the link in a mail is followed, as the platform declares.

    Where it takes a mail, the answer is the same whether the address has an account or not.
    """

    email: EmailAddress
    password: NewPassword
    name: PersonName


@operation("user", action="confirmation.redeem", errors=[LinkOver, EmailTaken, RegistrationClosed])
class ConfirmRegistration(Request[User]):
    """Open the account that was asked for, by the token of the mail."""

    token: Token


@operation("user", action="password.set")
class SetOwnerPassword(Request[User]):
    """Replace an owner's password. For the operator; every session of the owner ends."""

    password: NewPassword
    email: Annotated[
        EmailAddress | None,
        Field(description="Which owner; without it, the one that the tenant's file names."),
    ] = None
