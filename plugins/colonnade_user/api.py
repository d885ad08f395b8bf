"""The contract of the user service: operations, events, errors. Others import only this module."""

import unicodedata
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import (
    AfterValidator,
    Field,
    GetCoreSchemaHandler,
    GetJsonSchemaHandler,
    StringConstraints,
    WithJsonSchema,
)
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, core_schema

from colonnade.errors import Conflict, Forbidden, Unauthenticated, ValidationFailed
from colonnade.events import Event, event
from colonnade.messages import Empty, Message, Request
from colonnade.operations import operation
from colonnade.pagination import ListRequest, Page
from colonnade.personal import Confidential, Personal

MAXIMUM_EMAIL = 254
"""Characters an e-mail address may have (RFC 5321 §4.5.3.1.3, less the angle brackets)."""

_RESERVED_TOP_LEVEL = frozenset({"test", "local", "localhost"})
_STAND_IN = ".example"


def normalise_email(text: str) -> str:
    """The form under which an address is kept and compared: in lower case, its domain in Unicode.

    Names that the public internet cannot deliver to (`.test`, `.local`, `.localhost`) are taken
    too: an academy may live on a private network. Nothing is looked up.

    Raises:
        ValueError: a sentence that says what is wrong with the address.
    """
    from email_validator import EmailNotValidError, validate_email

    head, dot, label = text.rpartition(".")
    reserved = dot + label if label.casefold() in _RESERVED_TOP_LEVEL and "@" in head else ""
    candidate = head + _STAND_IN if reserved else text
    try:
        found = validate_email(candidate, check_deliverability=False).normalized
    except EmailNotValidError as error:
        raise ValueError(f"is not an e-mail address: {error}") from None
    if reserved:
        found = found.removesuffix(_STAND_IN) + reserved
    local, _, domain = found.rpartition("@")
    # Casefolding a domain would turn `straße.de` into `strasse.de`, which is somebody else's.
    folded = unicodedata.normalize("NFC", f"{local.casefold()}@{domain.lower()}")
    if len(folded) > MAXIMUM_EMAIL:
        raise ValueError(f"is longer than {MAXIMUM_EMAIL} characters")
    return folded


class NotNull:
    """Marks a field of a partial change that may be left out and, when given, is not null."""

    def __get_pydantic_core_schema__(
        self, source: Any, handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        return core_schema.no_info_after_validator_function(_given, handler(source))

    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        described = handler(schema)
        alternatives = described.pop("anyOf", [])
        return described | next((one for one in alternatives if one != {"type": "null"}), {})


def _given(value: object) -> object:
    if value is None:
        raise ValueError("may be left out, but not be null")
    return value


EmailAddress = Annotated[
    str,
    Field(max_length=MAXIMUM_EMAIL),
    AfterValidator(normalise_email),
    WithJsonSchema({"type": "string", "format": "email", "maxLength": MAXIMUM_EMAIL}),
    Personal(),
]
PersonName = Annotated[
    str,
    StringConstraints(
        strip_whitespace=True, min_length=1, max_length=200, pattern=r"^[^\x00-\x1f\x7f]*$"
    ),
    Personal(),
]
NewPassword = Annotated[str, Field(min_length=8, max_length=128), Confidential()]
KnownPassword = Annotated[str, Field(min_length=1, max_length=128), Confidential()]
RefreshToken = Annotated[str, Field(min_length=1, max_length=200), Confidential()]


class Role(StrEnum):
    """What somebody is in an academy, highest first."""

    OWNER = "owner"
    ADMIN = "admin"
    INSTRUCTOR = "instructor"
    LEARNER = "learner"


class UserStatus(StrEnum):
    """Whether somebody may use the academy."""

    ACTIVE = "active"
    SUSPENDED = "suspended"


class Visibility(StrEnum):
    """Who sees a field of a profile: everybody, those signed in, or its owner and admins."""

    PUBLIC = "public"
    MEMBERS = "members"
    PRIVATE = "private"


class EmailTaken(Conflict):
    """Somebody is registered with this e-mail address already."""

    code = "user.email_taken"


class RegistrationClosed(Forbidden):
    """The academy takes no registrations; its admins add people."""

    code = "user.registration_closed"


class InvalidCredentials(Unauthenticated):
    """The e-mail address or the password is wrong; which one is not said."""

    code = "user.invalid_credentials"
    title = "Wrong e-mail address or password"


class AccountSuspended(Forbidden):
    """The password is right and the account is suspended."""

    code = "user.suspended"


class SessionOver(Unauthenticated):
    """The session has ended or expired, or its user may no longer use the academy."""

    code = "user.session_over"
    title = "The session is over; sign in again"


class WrongPassword(ValidationFailed):
    """The current password, given to prove who asks, is wrong."""

    code = "user.wrong_password"


class OwnerProtected(Forbidden):
    """Nobody but an owner may demote, suspend or delete that owner."""

    code = "user.owner_protected"


class LastOwner(Conflict):
    """An academy keeps one active owner at least."""

    code = "user.last_owner"


class User(Message):
    """An account. `email` is null for those who may not see it."""

    id: UUID
    email: Annotated[str | None, Personal()]
    name: Annotated[str, Personal()]
    role: Role
    status: UserStatus
    created_at: datetime
    updated_at: datetime
    version: int


class TokenPair(Message):
    """What a signed-in client holds (RFC 6749 §5.1); `expires_in` is in seconds."""

    access_token: Annotated[str, Confidential()]
    refresh_token: Annotated[str, Confidential()]
    token_type: Literal["Bearer"] = "Bearer"  # noqa: S105
    expires_in: int


class UserSession(Message):
    """One sign-in. `current` marks the one that asks."""

    id: UUID
    created_at: datetime
    last_used_at: datetime
    expires_at: datetime
    current: bool


class ResolvedSession(Message):
    """Who a live session belongs to, as of now."""

    user_id: UUID
    role: Role
    expires_at: datetime


class JsonWebKey(Message):
    """A public key for verifying access tokens (RFC 7517 §4, RFC 7518 §6.2.1)."""

    kty: str
    crv: str
    x: str
    y: str
    kid: str
    use: str
    alg: str


class JsonWebKeySet(Message):
    """The public keys of an academy (RFC 7517 §5)."""

    keys: list[JsonWebKey]


class ProfileVisibility(Message):
    """Who sees which field of a profile."""

    name: Visibility = Visibility.MEMBERS
    headline: Visibility = Visibility.MEMBERS
    biography: Visibility = Visibility.MEMBERS
    website: Visibility = Visibility.MEMBERS
    location: Visibility = Visibility.MEMBERS


class Profile(Message):
    """What somebody tells about themself. A field the caller may not see is null, and so is
    `visibility` for everybody who may not see the whole."""

    user_id: UUID
    name: Annotated[str | None, Personal()] = None
    headline: Annotated[str | None, Personal()] = None
    biography: Annotated[str | None, Personal()] = None
    website: Annotated[str | None, Personal()] = None
    location: Annotated[str | None, Personal()] = None
    visibility: ProfileVisibility | None = None
    version: int


@operation("user", action="user.register", errors=[EmailTaken, RegistrationClosed])
class RegisterUser(Request[User]):
    """Open an account; its role is learner."""

    email: EmailAddress
    password: NewPassword
    name: PersonName


@operation("user", action="session.open", errors=[InvalidCredentials, AccountSuspended])
class Login(Request[TokenPair]):
    """Sign in with e-mail address and password."""

    email: EmailAddress
    password: KnownPassword


@operation("user", action="session.refresh", errors=[SessionOver])
class RefreshTokens(Request[TokenPair]):
    """Trade a refresh token for new tokens; each refresh token works once."""

    refresh_token: RefreshToken


@operation("user", action="session.close")
class Logout(Request[Empty]):
    """End the caller's session, or the one whose refresh token is given."""

    refresh_token: Annotated[RefreshToken | None, Confidential()] = None


@operation("user", action="signing_key.read", idempotent=True)
class GetSigningKeys(Request[JsonWebKeySet]):
    """The public keys that verify this academy's access tokens."""


@operation("user", action="signing_key.rotate")
class RotateSigningKey(Request[JsonWebKeySet]):
    """Make a new signing key; the old one verifies until its last token has expired."""


@operation("user", action="session.resolve", idempotent=True, errors=[SessionOver])
class ResolveSession(Request[ResolvedSession]):
    """Say whose session this is, if it is still live. For the edge, not for people."""

    session_id: UUID


@operation("user", action="password.change", errors=[WrongPassword])
class ChangePassword(Request[Empty]):
    """Change one's own password; every other session of one's own ends."""

    current_password: KnownPassword
    new_password: NewPassword


@operation("user", action="session.read")
class ListSessions(ListRequest[Page[UserSession]]):
    """One's own live sessions, newest first."""


@operation("user", action="session.end")
class EndSession(Request[Empty]):
    """End one of one's own sessions."""

    session_id: UUID


@operation("user", action="user.read")
class ListUsers(ListRequest[Page[User]]):
    """The accounts that the caller may see."""

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
    """One account."""

    user_id: UUID


@operation("user", action="user.read", idempotent=True)
class GetCurrentUser(Request[User]):
    """The account of the caller."""


@operation("user", action="user.update", errors=[OwnerProtected, LastOwner])
class UpdateUser(Request[User]):
    """Change somebody's role or status."""

    user_id: UUID
    role: Annotated[Role | None, NotNull()] = None
    status: Annotated[UserStatus | None, NotNull()] = None


@operation("user", action="user.delete", errors=[OwnerProtected, LastOwner])
class DeleteUser(Request[Empty]):
    """Delete an account and everything personal in it."""

    user_id: UUID


@operation("user", action="profile.read", idempotent=True)
class GetProfile(Request[Profile]):
    """Somebody's profile, as far as the caller may see it."""

    user_id: UUID


Headline = Annotated[str | None, Field(max_length=200), Personal()]
Biography = Annotated[str | None, Field(max_length=5000), Personal()]
Website = Annotated[
    str | None, Field(max_length=500, pattern=r"^https?://[^\s<>\"']+$"), Personal()
]
Place = Annotated[str | None, Field(max_length=200), Personal()]


class VisibilityChange(Message):
    """The fields whose visibility changes; the others keep theirs."""

    name: Annotated[Visibility | None, NotNull()] = None
    headline: Annotated[Visibility | None, NotNull()] = None
    biography: Annotated[Visibility | None, NotNull()] = None
    website: Annotated[Visibility | None, NotNull()] = None
    location: Annotated[Visibility | None, NotNull()] = None


@operation("user", action="profile.update")
class UpdateProfile(Request[Profile]):
    """Change one's own profile; null clears a field."""

    user_id: UUID
    name: Annotated[PersonName | None, NotNull(), Personal()] = None
    headline: Headline = None
    biography: Biography = None
    website: Website = None
    location: Place = None
    visibility: Annotated[VisibilityChange | None, NotNull()] = None


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
class UserDeleted(Event):
    """An account is gone; whoever keeps personal data of it erases that."""

    user_id: UUID


@event("user", key="user_id")
class ProfileUpdated(Event):
    """Somebody changed their name or their profile."""

    user_id: UUID
    name: Annotated[str, Personal()]


class SessionEnd(StrEnum):
    """Why a session ended."""

    LOGOUT = "logout"
    ENDED_BY_USER = "ended_by_user"
    PASSWORD_CHANGED = "password_changed"  # noqa: S105
    SUSPENDED = "suspended"
    TOKEN_REUSED = "token_reused"  # noqa: S105
    TOO_MANY_SESSIONS = "too_many_sessions"
    USER_DELETED = "user_deleted"


@event("user", key="user_id")
class SessionEnded(Event):
    """A session ended before its time."""

    user_id: UUID
    session_id: UUID
    reason: SessionEnd


OPERATIONS: tuple[type[Request[Any]], ...] = (
    RegisterUser,
    Login,
    RefreshTokens,
    Logout,
    GetSigningKeys,
    RotateSigningKey,
    ResolveSession,
    ChangePassword,
    ListSessions,
    EndSession,
    ListUsers,
    GetUser,
    GetCurrentUser,
    UpdateUser,
    DeleteUser,
    GetProfile,
    UpdateProfile,
)
EVENTS: tuple[type[Event], ...] = (
    UserRegistered,
    UserRoleChanged,
    UserStatusChanged,
    UserDeleted,
    ProfileUpdated,
    SessionEnded,
)
