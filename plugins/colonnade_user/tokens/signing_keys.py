"""Signing keys of a tenant in the store, inside a unit of work: one signs, several verify."""

import math
from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import or_, select

from colonnade.errors import InternalError, TooManyRequests
from colonnade.identifiers import new_id
from colonnade.store import Session
from colonnade_user.api import JsonWebKeySet
from colonnade_user.models import SigningKeyRow
from colonnade_user.tokens.access_tokens import SigningKey, new_private_key, public_key_of

PUBLISHED_BEFORE_USE = timedelta(seconds=30)
"""Time that a new key is published before it signs: longer than the edge waits between fetches."""

VERIFIES_AFTER_USE = timedelta(hours=1)
"""Time that a key verifies after it last signed: the longest lifetime of an access token."""

MAXIMUM_KEYS = 8
"""Keys that may verify at one time: every client that verifies offline fetches all of them."""


def add_first_key(session: Session) -> None:
    """Add the first key of a new tenant, which signs at once."""
    session.add(
        SigningKeyRow(
            id=new_id(),
            private_key=new_private_key(),
            created_at=session.now,
            signs_from=session.now,
        )
    )


def rotate_signing_keys(session: Session) -> None:
    """Add the key that will sign next, and let the others expire.

    Raises:
        TooManyRequests: so many keys still verify that another must wait until one has run out.
    """
    # A key that signed at once would be unknown to edges that have fetched the keys just before.
    signs_from = session.now + PUBLISHED_BEFORE_USE
    verifying = [row for row in _keys(session) if _verifies(row, session.now)]
    if len(verifying) >= MAXIMUM_KEYS:
        _refuse_another(verifying, session.now)
    for row in _keys(session):
        if row.verifies_until is None:
            row.verifies_until = signs_from + VERIFIES_AFTER_USE
        elif row not in verifying:
            session.delete(row)
    session.add(
        SigningKeyRow(
            id=new_id(),
            private_key=new_private_key(),
            created_at=session.now,
            signs_from=signs_from,
        )
    )


def current_signing_key(session: Session) -> SigningKey:
    """Return the key that signs: the one without an end, once it has been published for long
    enough; until then the youngest of the others.

    Neither trusts that the clock only goes forward. After it was set back, the times of every
    key may lie ahead, and an academy must not be without one.

    Raises:
        InternalError: the tenant was provisioned without one.
    """
    rows = [row for row in _keys(session) if _verifies(row, session.now)]
    if not rows:
        raise InternalError(f"The tenant '{session.tenant}' has no signing key; provision it.")
    begun = [row for row in rows if row.signs_from <= session.now]
    row = max(begun, key=_precedence) if begun else min(rows, key=_precedence)
    return SigningKey(row.id, row.private_key)


def _keys(session: Session) -> Sequence[SigningKeyRow]:
    return session.scalars(select(SigningKeyRow)).all()


def _verifies(row: SigningKeyRow, now: datetime) -> bool:
    return row.verifies_until is None or row.verifies_until > now


def _precedence(row: SigningKeyRow) -> tuple[bool, datetime, UUID]:
    """Order of keys. Only that of the last rotation has no end, whatever the clock said then."""
    return row.verifies_until is None, row.signs_from, row.id


def _refuse_another(verifying: Sequence[SigningKeyRow], now: datetime) -> None:
    first = min(row.verifies_until for row in verifying if row.verifies_until is not None)
    seconds = max(1, math.ceil((first - now).total_seconds()))
    raise TooManyRequests(
        f"{len(verifying)} signing keys verify tokens at this moment, which is as many as there "
        "may be; make another one when the oldest has run out.",
        details={"retry_after": seconds},
        headers={"Retry-After": str(seconds)},
    )


def published_keys(session: Session) -> JsonWebKeySet:
    """Return every key that a valid token may be signed with, youngest first."""
    rows = session.scalars(
        select(SigningKeyRow)
        .where(
            or_(SigningKeyRow.verifies_until.is_(None), SigningKeyRow.verifies_until > session.now)
        )
        .order_by(SigningKeyRow.created_at.desc(), SigningKeyRow.id.desc())
    ).all()
    return JsonWebKeySet(keys=[public_key_of(row.id, row.private_key) for row in rows])
