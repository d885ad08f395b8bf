"""Known devices, inside a unit of work: where somebody signed in before.

A device is known by a random token that a sign-in answers and the next one brings along. Only its
digest is kept, with that of the network, so that neither a browser nor a place can be read from
a row. What strangers do never counts against a device that its owner has used.
"""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import delete, select

from colonnade.store import Session
from colonnade_user.models import DeviceRow
from colonnade_user.throttling.digests import digest, key_of, known_key

MAXIMUM_DEVICES = 20
"""Devices one account may have; the longest unused one makes room."""

REMEMBERED = timedelta(days=180)
"""How long an unused device stays known."""

NOTED_EVERY = timedelta(days=1)
"""How exact `last_used_at` is: a sign-in writes it no more often."""

TOKEN_BYTES = 32
PRUNED_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class Acquaintance:
    """What is known of where a sign-in comes from."""

    device: bool = False
    """The token is one that this account was given."""
    network: bool = False
    """The account was signed in to from this network."""


def token_digest(token: str) -> bytes:
    """What is kept of a token; 256 random bits need no salt and no stretching."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()


def acquaintance_of(
    session: Session, user_id: UUID | None, token: str | None, network: str
) -> Acquaintance:
    """What is known; an account that does not exist knows nothing, after the same queries."""
    key = known_key(session)
    rows = session.scalars(select(DeviceRow).where(DeviceRow.user_id == user_id)).all()
    if key is None:
        return Acquaintance()
    live = [row for row in rows if row.last_used_at > session.now - REMEMBERED]
    shown = None if token is None else token_digest(token)
    place = digest(key, "network", network)
    return Acquaintance(
        device=any(secrets.compare_digest(row.digest, shown or b"") for row in live),
        network=any(row.network == place for row in live),
    )


def remember_device(session: Session, user_id: UUID, token: str | None, network: str) -> str:
    """The token of the device: the one it showed, or a new one."""
    place = digest(key_of(session), "network", network)
    row = None if token is None else session.get(DeviceRow, token_digest(token))
    if token is not None and row is not None and row.user_id == user_id:
        if row.network != place or row.last_used_at < session.now - NOTED_EVERY:
            row.network, row.last_used_at = place, session.now
        return token
    _make_room(session, user_id)
    made = secrets.token_urlsafe(TOKEN_BYTES)
    session.add(
        DeviceRow(
            digest=token_digest(made), user_id=user_id, network=place, last_used_at=session.now
        )
    )
    return made


def forget_devices(session: Session, user_id: UUID) -> None:
    """Know none of an account's devices any more."""
    session.execute(delete(DeviceRow).where(DeviceRow.user_id == user_id))


def prune_devices(session: Session) -> int:
    """Forget those unused for long, at most `PRUNED_AT_ONCE`; answers how many."""
    before: datetime = session.now - REMEMBERED
    unused = select(DeviceRow.digest).where(DeviceRow.last_used_at <= before).limit(PRUNED_AT_ONCE)
    found = session.scalars(unused).all()
    session.execute(delete(DeviceRow).where(DeviceRow.digest.in_(found)))
    return len(found)


def _make_room(session: Session, user_id: UUID) -> None:
    own = (
        select(DeviceRow.digest)
        .where(DeviceRow.user_id == user_id)
        .order_by(DeviceRow.last_used_at.desc(), DeviceRow.digest)
        .offset(MAXIMUM_DEVICES - 1)
    )
    found = session.scalars(own).all()
    if found:
        session.execute(delete(DeviceRow).where(DeviceRow.digest.in_(found)))
