"""Value types of the contract: names, passwords, tokens, roles and statuses."""

from enum import StrEnum
from typing import Annotated

from pydantic import Field, StringConstraints

from colonnade.personal import Confidential, Personal
from colonnade.text import VisibleLine

PersonName = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=200),
    VisibleLine(),
    Personal(),
]
SHORTEST_PASSWORD = 8
"""Characters that a new password has at least (NIST SP 800-63B §5.1.1.2)."""

LONGEST_PASSWORD = 128
"""Characters that a password has at most."""

NewPassword = Annotated[
    str, Field(min_length=SHORTEST_PASSWORD, max_length=LONGEST_PASSWORD), Confidential()
]
KnownPassword = Annotated[str, Field(min_length=1, max_length=128), Confidential()]
DeviceToken = Annotated[str, Field(min_length=1, max_length=200), Confidential()]
RefreshToken = Annotated[str, Field(min_length=1, max_length=200), Confidential()]


class Role(StrEnum):
    """Role of a user in an academy, highest first."""

    OWNER = "owner"
    ADMIN = "admin"
    INSTRUCTOR = "instructor"
    LEARNER = "learner"


class UserStatus(StrEnum):
    """Status of an account: suspended users cannot use the academy."""

    ACTIVE = "active"
    SUSPENDED = "suspended"


class Visibility(StrEnum):
    """Audience of a profile field: everybody, signed-in users, or its owner and admins."""

    PUBLIC = "public"
    MEMBERS = "members"
    PRIVATE = "private"


class SessionEnd(StrEnum):
    """Reason for which a session ended."""

    LOGOUT = "logout"
    ENDED_BY_USER = "ended_by_user"
    PASSWORD_CHANGED = "password_changed"  # noqa: S105
    SUSPENDED = "suspended"
    TOKEN_REUSED = "token_reused"  # noqa: S105
    TOO_MANY_SESSIONS = "too_many_sessions"
    USER_DELETED = "user_deleted"
