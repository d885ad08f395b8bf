"""Accounts: the users of an academy, their roles and statuses."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field

from colonnade.identifiers import IdList
from colonnade.messages import Empty, Message, NotNull, Request
from colonnade.operations import operation
from colonnade.pagination import ListRequest, Page
from colonnade.patches import Patch
from colonnade.personal import Personal
from colonnade_user.api.email_addresses import EmailAddress
from colonnade_user.api.errors import (
    ConfirmationRequired,
    EmailTaken,
    LastOwner,
    OwnerProtected,
    RegistrationClosed,
)
from colonnade_user.api.values import (
    NewPassword,
    PersonName,
    Role,
    UserStatus,
)


class User(Message):
    """An account. `email` is null for callers who may not see it.

    `email_verified` is true once the reader of the address has confirmed it.
    """

    id: UUID
    email: Annotated[str | None, Personal()]
    name: Annotated[str, Personal()]
    role: Role
    status: UserStatus
    created_at: datetime
    updated_at: datetime
    version: int
    email_verified: bool = False


@operation(
    "user", action="user.register", errors=[EmailTaken, RegistrationClosed, ConfirmationRequired]
)
class RegisterUser(Request[User]):
    """Open an account at once; its role is learner.

    For services and admins; visitors use `Register`.
    """

    email: EmailAddress
    password: NewPassword
    name: PersonName


@operation("user", action="user.read")
class ListUsers(ListRequest[Page[User]]):
    """List the accounts that the caller may see."""

    ids: IdList | None = Field(None, description="Ids, separated by commas; 100 at most.")
    role: Role | None = None
    status: UserStatus | None = None
    q: Annotated[str | None, Personal()] = Field(
        None, min_length=1, max_length=100, description="Part of the name, or of a visible e-mail."
    )
    sort: Literal["created_at", "-created_at"] = Field(
        "-created_at", description="Oldest first, or newest first with a minus."
    )


@operation("user", action="user.read", idempotent=True)
class GetUser(Request[User]):
    """Return one account."""

    user_id: UUID


@operation("user", action="user.read", idempotent=True)
class GetCurrentUser(Request[User]):
    """Return the account of the caller."""


@operation("user", action="user.update", errors=[OwnerProtected, LastOwner], per_day=5000)
class UpdateUser(Patch[User]):
    """Change the role or status of an account."""

    user_id: UUID
    role: Annotated[Role | None, NotNull()] = None
    status: Annotated[UserStatus | None, NotNull()] = None


@operation("user", action="user.delete", errors=[OwnerProtected, LastOwner], per_day=5000)
class DeleteUser(Request[Empty]):
    """Delete an account and everything personal in it."""

    user_id: UUID
