"""The signing keys of a tenant, inside a unit of work: several, of which one signs."""

from datetime import timedelta

from sqlalchemy import or_, select

from colonnade.errors import InternalError
from colonnade.identifiers import new_id
from colonnade.store import Session
from colonnade_user.api import JsonWebKeySet
from colonnade_user.models import SigningKeyRow
from colonnade_user.tokens import SigningKey, new_private_key, public_key_of

PUBLISHED_BEFORE_USE = timedelta(seconds=30)
"""How long a new key is published before it signs: longer than the edge waits between fetches."""

VERIFIES_AFTER_USE = timedelta(hours=1)
"""How long a key verifies after it last signed: the longest an access token may live."""


def add_first_key(session: Session) -> None:
    """Give a new tenant its key, to be used at once."""
    session.add(
        SigningKeyRow(
            id=new_id(),
            private_key=new_private_key(),
            created_at=session.now,
            signs_from=session.now,
        )
    )


def rotate(session: Session) -> None:
    """Add the key that will sign next, and set an end to the others."""
    signs_from = session.now + PUBLISHED_BEFORE_USE
    for row in session.scalars(select(SigningKeyRow)).all():
        if row.verifies_until is None:
            row.verifies_until = signs_from + VERIFIES_AFTER_USE
        elif row.verifies_until <= session.now:
            session.delete(row)
    session.add(
        SigningKeyRow(
            id=new_id(),
            private_key=new_private_key(),
            created_at=session.now,
            signs_from=signs_from,
        )
    )


def current_key(session: Session) -> SigningKey:
    """The youngest key that may sign already.

    Raises:
        InternalError: the tenant was provisioned without one.
    """
    row = session.scalars(
        select(SigningKeyRow)
        .where(SigningKeyRow.signs_from <= session.now)
        .order_by(SigningKeyRow.signs_from.desc(), SigningKeyRow.id.desc())
        .limit(1)
    ).first()
    if row is None:
        raise InternalError(f"The tenant '{session.tenant}' has no signing key; provision it.")
    return SigningKey(row.id, row.private_key)


def published_keys(session: Session) -> JsonWebKeySet:
    """Every key that a valid token may be signed with, youngest first."""
    rows = session.scalars(
        select(SigningKeyRow)
        .where(
            or_(SigningKeyRow.verifies_until.is_(None), SigningKeyRow.verifies_until > session.now)
        )
        .order_by(SigningKeyRow.created_at.desc(), SigningKeyRow.id.desc())
    ).all()
    return JsonWebKeySet(keys=[public_key_of(row.id, row.private_key) for row in rows])
