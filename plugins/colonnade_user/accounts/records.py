"""Accounts in the store, inside a unit of work."""

import unicodedata
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select

from colonnade.errors import FieldError
from colonnade.identifiers import new_id
from colonnade.rows import ConstraintViolated
from colonnade.store import Session
from colonnade.text import folded
from colonnade_user.api import (
    EmailTaken,
    ProfileVisibility,
    Role,
    UserRegistered,
    UserStatus,
    Visibility,
    fold_email,
)
from colonnade_user.models import CredentialRow, ProfileRow, UserRow


@dataclass(frozen=True, slots=True)
class NewAccount:
    """Initial values of an account; the password is hashed already."""

    email: str
    name: str
    password_hash: str
    role: Role = Role.LEARNER
    email_verified: bool = False


def account_by_email(session: Session, email: str) -> UserRow | None:
    """Find the account of an address, in whatever case it is written."""
    return session.scalar(select(UserRow).where(UserRow.folded_email == fold_email(email)))


def account_for_sign_in(session: Session, email: str) -> UserRow | None:
    """Find the account of an address as its owner writes it.

    Earlier versions stored `weiß@` as `weiss@`, so the case-folded form is tried as well.
    """
    exact = account_by_email(session, email)
    if exact is not None:
        return exact
    local, _, domain = email.rpartition("@")
    earlier = unicodedata.normalize("NFC", f"{local.casefold()}@{domain.lower()}")
    return session.scalar(select(UserRow).where(UserRow.casefolded_email == earlier))


def add_account(session: Session, new: NewAccount) -> UserRow:
    """Insert an account with its credential and profile. A unique index decides a race.

    Raises:
        EmailTaken: an account has this address.
    """
    user = UserRow(
        id=new_id(),
        email=new.email,
        folded_email=fold_email(new.email),
        name=new.name,
        folded_name=folded(new.name),
        role=new.role,
        status=UserStatus.ACTIVE,
        email_verified_at=session.now if new.email_verified else None,
    )
    session.add(user)
    # Of two registrations of one address at once, the unique index lets one through.
    try:
        session.flush()
    except ConstraintViolated:
        raise email_taken() from None
    session.add(
        CredentialRow(user_id=user.id, password_hash=new.password_hash, changed_at=session.now)
    )
    session.add(
        ProfileRow(
            user_id=user.id,
            visibility=ProfileVisibility().model_dump(mode="json"),
            audience=Visibility.MEMBERS,
        )
    )
    session.publish(UserRegistered(user_id=user.id, name=user.name, role=new.role))
    session.flush()
    return user


def names_of(session: Session, user_id: UUID | None) -> tuple[str, ...]:
    """Address and name of an account, which its password must not be; empty when it is gone."""
    row = session.get(UserRow, user_id)
    return () if row is None else (row.email, row.name)


def email_taken() -> EmailTaken:
    """Error for an address that another account has."""
    return EmailTaken(
        "Somebody is registered with this e-mail address already.",
        fields=[FieldError("/email", "is registered already", "taken")],
    )
