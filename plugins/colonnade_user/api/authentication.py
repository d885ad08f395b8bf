"""Authentication: sign-in, refresh, logout, sessions and the keys that verify tokens."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field

from colonnade.messages import Empty, Message, Request
from colonnade.operations import operation
from colonnade.pagination import ListRequest, Page
from colonnade.personal import Confidential
from colonnade_user.api.email_addresses import EmailAddress
from colonnade_user.api.errors import (
    AccountSuspended,
    InvalidCredentials,
    SessionOver,
    WrongPassword,
)
from colonnade_user.api.values import (
    DeviceToken,
    KnownPassword,
    NewPassword,
    RefreshToken,
    Role,
)


class TokenPair(Message):
    """Tokens of a signed-in client (RFC 6749 §5.1); `expires_in` is in seconds.

    `device_token` comes with a sign-in only: the device shows it at its next one.
    """

    access_token: Annotated[str, Confidential()]
    refresh_token: Annotated[str, Confidential()]
    token_type: Literal["Bearer"] = "Bearer"  # noqa: S105
    expires_in: int
    device_token: Annotated[str | None, Confidential()] = None


class UserSession(Message):
    """One sign-in. `current` marks the one that asks."""

    id: UUID
    created_at: datetime
    last_used_at: datetime
    expires_at: datetime
    current: bool


class ResolvedSession(Message):
    """User, role and expiry of a live session, as of now."""

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


@operation("user", action="session.open", errors=[InvalidCredentials, AccountSuspended])
class Login(Request[TokenPair]):
    """Sign in with e-mail address and password."""

    email: EmailAddress
    password: KnownPassword
    device_token: Annotated[DeviceToken | None, Confidential()] = Field(
        None, description="What the last sign-in on this device answered."
    )


@operation("user", action="session.refresh", errors=[SessionOver])
class RefreshTokens(Request[TokenPair]):
    """Trade a refresh token for new tokens; each works once, but for a repetition at once."""

    refresh_token: RefreshToken


@operation("user", action="session.close")
class Logout(Request[Empty]):
    """End the caller's session, or the one whose refresh token is given."""

    refresh_token: Annotated[RefreshToken | None, Confidential()] = None


@operation("user", action="signing_key.read", idempotent=True)
class GetSigningKeys(Request[JsonWebKeySet]):
    """Return the public keys that verify this academy's access tokens."""


@operation("user", action="signing_key.rotate", per_day=50)
class RotateSigningKey(Request[JsonWebKeySet]):
    """Make a new signing key; the old one verifies until its last token has expired."""


@operation("user", action="session.resolve", idempotent=True, errors=[SessionOver])
class ResolveSession(Request[ResolvedSession]):
    """Return the user of a session, if it is still live. For the edge, not for people."""

    session_id: UUID


@operation("user", action="password.change", errors=[WrongPassword], per_day=50)
class ChangePassword(Request[Empty]):
    """Change one's own password; every other session of one's own ends."""

    current_password: KnownPassword
    new_password: NewPassword


@operation("user", action="session.read")
class ListSessions(ListRequest[Page[UserSession]]):
    """List one's own live sessions, newest first."""


@operation("user", action="session.end", per_day=1000)
class EndSession(Request[Empty]):
    """End one of one's own sessions."""

    session_id: UUID


@operation("user", action="session.end", idempotent=True, per_day=200)
class EndSessions(Request[Empty]):
    """Sign out everywhere: end all of one's own sessions."""

    keep_current: bool = Field(False, description="Whether the session that asks goes on.")
