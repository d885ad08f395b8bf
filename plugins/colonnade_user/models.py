"""The tables of the user service."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import JSON, ForeignKey, Index, LargeBinary, String, text

from colonnade.rows import Column, Identified, Row, Timestamped, Versioned, column, tenant_metadata
from colonnade.text import folded
from colonnade_user.api import fold_email


class Base(Row):
    """Metadata of the tables, as the migrations leave them."""

    metadata = tenant_metadata()


class UserRow(Identified, Timestamped, Versioned, Base):
    """An account. `folded_name` is what a search compares: SQLite folds ASCII only.

    `email` is written to as it was given, `folded_email` is compared. `casefolded_email` is the
    address of an account of an earlier version, which did not keep the spelling as given.
    `email_verified_at` is the time at which the reader of the address confirmed it.
    """

    __tablename__ = "users"
    __table_args__ = (
        Index("ix_users_created_at_id", "created_at", "id"),
        Index("ix_users_role", "role"),
        Index("ix_users_folded_email", "folded_email", unique=True),
        Index("ix_users_casefolded_email", "casefolded_email"),
    )

    email: Column[str] = column(String(254), unique=True, personal=True, searchable=True)
    name: Column[str] = column(String(200), personal=True)
    folded_name: Column[str] = column(String(600), personal=True, searchable=True)
    role: Column[str] = column(String(20))
    status: Column[str] = column(String(20))
    folded_email: Column[str] = column(
        String(600), server_default=text("''"), personal=True, searchable=True
    )
    casefolded_email: Column[str | None] = column(
        String(254), default=None, personal=True, searchable=True
    )
    email_verified_at: Column[datetime | None] = column(default=None)

    def readdress(self, email: str) -> None:
        """Set the address and the form of it that is compared."""
        self.email = email
        self.folded_email = fold_email(email)
        self.casefolded_email = None

    def rename(self, name: str) -> None:
        """Set the name and its folded form, which searches compare."""
        self.name = name
        self.folded_name = folded(name)


class CredentialRow(Base):
    """A password's hash, apart from the account so that reading an account never loads it."""

    __tablename__ = "credentials"

    user_id: Column[UUID] = column(ForeignKey("users.id", ondelete="CASCADE"), primary_key=True)
    password_hash: Column[str] = column(String(300), secret=True)
    changed_at: Column[datetime]


class ConfirmationRow(Identified, Base):
    """A step that takes effect when the reader of `email` confirms it by the link in a mail.

    `user_id` is the account it is about, where there is one. `name` and `password_hash` belong
    to the account that a registration will open. The row of an invitation's confirmation
    has the invitation's id.
    """

    __tablename__ = "confirmations"
    __table_args__ = (
        Index("ix_confirmations_email", "folded_email", "purpose"),
        Index("ix_confirmations_user_id", "user_id"),
        Index("ix_confirmations_expires_at", "expires_at"),
    )

    purpose: Column[str] = column(String(40))
    user_id: Column[UUID | None] = column(ForeignKey("users.id", ondelete="CASCADE"), default=None)
    email: Column[str] = column(String(254), personal=True)
    folded_email: Column[str] = column(String(600), personal=True, searchable=True)
    name: Column[str | None] = column(String(200), default=None, personal=True)
    password_hash: Column[str | None] = column(String(300), default=None, secret=True)
    created_at: Column[datetime]
    expires_at: Column[datetime]


class ConfirmationTokenRow(Base):
    """A token of a confirmation by its SHA-256; each mail that is sent carries one of its own."""

    __tablename__ = "confirmation_tokens"
    __table_args__ = (Index("ix_confirmation_tokens_confirmation_id", "confirmation_id"),)

    digest: Column[bytes] = column(LargeBinary(32), primary_key=True, secret=True)
    confirmation_id: Column[UUID] = column(ForeignKey("confirmations.id", ondelete="CASCADE"))
    expires_at: Column[datetime]


class InvitationRow(Identified, Timestamped, Versioned, Base):
    """An account that is offered: to an address, with a role, and courses to begin with."""

    __tablename__ = "invitations"
    __table_args__ = (
        Index("ix_invitations_created_at_id", "created_at", "id"),
        Index("ix_invitations_email", "folded_email", "status"),
        Index("ix_invitations_invited_by", "invited_by", "status"),
    )

    email: Column[str] = column(String(254), personal=True)
    folded_email: Column[str] = column(String(600), personal=True, searchable=True)
    role: Column[str] = column(String(20))
    courses: Column[list[str]] = column(JSON)
    status: Column[str] = column(String(20))
    invited_by: Column[UUID | None] = column(default=None)
    user_id: Column[UUID | None] = column(default=None)
    expires_at: Column[datetime]


class ProfileRow(Timestamped, Versioned, Base):
    """Profile of a user. `audience` is the widest visibility of any field."""

    __tablename__ = "profiles"

    user_id: Column[UUID] = column(ForeignKey("users.id", ondelete="CASCADE"), primary_key=True)
    headline: Column[str | None] = column(String(200), default=None, personal=True)
    biography: Column[str | None] = column(default=None, personal=True)
    website: Column[str | None] = column(String(500), default=None, personal=True)
    location: Column[str | None] = column(String(200), default=None, personal=True)
    visibility: Column[dict[str, str]] = column(JSON)
    audience: Column[str] = column(String(20))


class SessionRow(Identified, Base):
    """A sign-in and the family of its refresh tokens.

    `family` is the SHA-256 of the secret that all tokens of the session share. `succession` is the
    key by which the next token follows from one; `exchanged_from` the digest of the network that
    traded one last.
    """

    __tablename__ = "sessions"
    __table_args__ = (
        Index("ix_sessions_user_id", "user_id"),
        Index("ix_sessions_family", "family", unique=True),
        Index("ix_sessions_expires_at", "expires_at"),
    )

    user_id: Column[UUID] = column(ForeignKey("users.id", ondelete="CASCADE"))
    family: Column[bytes | None] = column(LargeBinary(32), default=None, secret=True)
    succession: Column[bytes | None] = column(LargeBinary(32), default=None, secret=True)
    exchanged_from: Column[bytes | None] = column(LargeBinary(16), default=None, secret=True)
    created_at: Column[datetime]
    last_used_at: Column[datetime]
    expires_at: Column[datetime]


class RefreshTokenRow(Base):
    """The refresh token that continues a session, by its SHA-256.

    Rows with `used_at` were written before sessions had families: used tokens, one row each.
    """

    __tablename__ = "refresh_tokens"
    __table_args__ = (Index("ix_refresh_tokens_session_id", "session_id"),)

    digest: Column[bytes] = column(LargeBinary(32), primary_key=True, secret=True)
    session_id: Column[UUID] = column(ForeignKey("sessions.id", ondelete="CASCADE"))
    issued_at: Column[datetime]
    used_at: Column[datetime | None] = column(default=None)


class SigningKeyRow(Identified, Base):
    """A key pair for access tokens; its id is the `kid`.

    It signs from `signs_from` until a younger one does, and verifies until `verifies_until`.
    """

    __tablename__ = "signing_keys"

    private_key: Column[dict[str, str]] = column(JSON, secret=True)
    created_at: Column[datetime]
    signs_from: Column[datetime]
    verifies_until: Column[datetime | None] = column(default=None)


class CounterRow(Base):
    """Attempts of one kind by one subject, which only its digest names; they drain with time."""

    __tablename__ = "counters"
    __table_args__ = (Index("ix_counters_forgotten_at", "forgotten_at"),)

    digest: Column[bytes] = column(LargeBinary(16), primary_key=True)
    level: Column[float]
    raised_at: Column[datetime]
    forgotten_at: Column[datetime]


class DeviceRow(Base):
    """A device that a user signed in from, by its token's SHA-256, and its network's digest."""

    __tablename__ = "devices"
    __table_args__ = (
        Index("ix_devices_user_id", "user_id"),
        Index("ix_devices_last_used_at", "last_used_at"),
    )

    digest: Column[bytes] = column(LargeBinary(32), primary_key=True, secret=True)
    user_id: Column[UUID] = column(ForeignKey("users.id", ondelete="CASCADE"))
    network: Column[bytes] = column(LargeBinary(16), personal=True)
    last_used_at: Column[datetime]


class KnownCourseRow(Base):
    """Existence of a course, also of a deleted one; `sequence` is that of its last event."""

    __tablename__ = "known_courses"

    course_id: Column[UUID] = column(primary_key=True)
    deleted: Column[bool]
    sequence: Column[int]


class CourseTeacherRow(Base):
    """Assignment of an instructor to a course, as of `sequence`."""

    __tablename__ = "course_teachers"

    course_id: Column[UUID] = column(primary_key=True)
    user_id: Column[UUID] = column(primary_key=True)
    active: Column[bool]
    sequence: Column[int]
