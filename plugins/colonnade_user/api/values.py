"""The values that fields of the contract take."""

import unicodedata
from enum import StrEnum
from typing import Annotated

from pydantic import (
    AfterValidator,
    Field,
    StringConstraints,
    WithJsonSchema,
)

from colonnade.personal import Confidential, Personal
from colonnade.text import VisibleLine

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


EmailAddress = Annotated[
    str,
    Field(max_length=MAXIMUM_EMAIL),
    AfterValidator(normalise_email),
    WithJsonSchema({"type": "string", "format": "email", "maxLength": MAXIMUM_EMAIL}),
    Personal(),
]
PersonName = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=200),
    VisibleLine(),
    Personal(),
]
NewPassword = Annotated[str, Field(min_length=8, max_length=128), Confidential()]
KnownPassword = Annotated[str, Field(min_length=1, max_length=128), Confidential()]
DeviceToken = Annotated[str, Field(min_length=1, max_length=200), Confidential()]
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


class SessionEnd(StrEnum):
    """Why a session ended."""

    LOGOUT = "logout"
    ENDED_BY_USER = "ended_by_user"
    PASSWORD_CHANGED = "password_changed"  # noqa: S105
    SUSPENDED = "suspended"
    TOKEN_REUSED = "token_reused"  # noqa: S105
    TOO_MANY_SESSIONS = "too_many_sessions"
    USER_DELETED = "user_deleted"
