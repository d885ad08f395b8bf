"""Confirmations: what counts once whoever reads an address says so, by the link in a mail."""

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
    """What a mail of the user service is for. The last two carry no token: they only tell."""

    PASSWORD_RESET = "password_reset"  # noqa: S105
    EMAIL_VERIFICATION = "email_verification"
    EMAIL_CHANGE = "email_change"
    REGISTRATION = "registration"
    INVITATION = "invitation"
    ADDRESS_TAKEN = "address_taken"
    EMAIL_CHANGED = "email_changed"

    @property
    def has_token(self) -> bool:
        """Whether the mail carries a link that does something."""
        return self not in (Purpose.ADDRESS_TAKEN, Purpose.EMAIL_CHANGED)


class IssuedConfirmation(Message):
    """What a mail is made of, for the one service that sends it.

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
    """What a link would do; `academy` is its name, `locale` its language (BCP 47) and `timezone`
    its time zone (IANA). The link works until `expires_at`."""

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
    """Say what a link would do; nothing is done yet."""

    token: Token


@operation("user", action="password.forget")
class RequestPasswordReset(Request[Empty]):
    """Have a link mailed with which a forgotten password is replaced.

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
    """Have a link mailed to somebody with which they set a new password themself."""

    user_id: UUID


@operation("user", action="email.verify", per_day=20)
class RequestEmailVerification(Request[Empty]):
    """Have a link mailed to one's own address that proves it is read."""


@operation("user", action="confirmation.redeem", errors=[LinkOver])
class ConfirmEmailVerification(Request[Empty]):
    """Confirm one's own address by the token of a mail."""

    token: Token


@operation("user", action="email.change", errors=[WrongPassword], per_day=20)
class RequestEmailChange(Request[Empty]):
    """Have a link mailed to another address, which becomes one's own when it is followed.

    The answer is the same whether the other address has an account or not.
    """

    email: EmailAddress
    password: KnownPassword


@operation("user", action="confirmation.redeem", errors=[LinkOver, EmailTaken])
class ConfirmEmailChange(Request[Empty]):
    """Change one's address by the token of a mail; the old address is told."""

    token: Token


class Registration(Message):
    """What came of registering: the account, or nothing until the address is confirmed."""

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
    """Replace an owner's password. For whoever runs the platform; every session of it ends."""

    password: NewPassword
    email: Annotated[
        EmailAddress | None,
        Field(description="Which owner; without it, the one that the tenant's file names."),
    ] = None
