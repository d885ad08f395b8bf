"""Known devices in the store, inside a unit of work: browsers that signed in before.

A device is known by a random token that a sign-in answers and the next one sends. Only its digest
is stored, with that of the network, so that a row discloses neither browser nor place. Attempts
of strangers never count against a device that its owner has used.
"""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import delete, select

from colonnade.store import Session
from colonnade_user.models import DeviceRow
from colonnade_user.throttling.digests import digest, digest_key, existing_digest_key

MAXIMUM_DEVICES = 20
"""Devices of one account; the longest unused one is evicted."""

DEVICE_LIFETIME = timedelta(days=180)
"""Time after which an unused device is unknown again."""

LAST_USED_RESOLUTION = timedelta(days=1)
"""Resolution of `last_used_at`: sign-ins write it no more often."""

TOKEN_BYTES = 32
PRUNED_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class RecognisedOrigin:
    """Recognised origin of a sign-in: device and network."""

    device: bool = False
    """True when the token belongs to this account."""
    network: bool = False
    """True when the account was signed in to from this network before."""


def token_digest(token: str) -> bytes:
    """SHA-256 of a token; 256 random bits need no salt and no stretching."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()


def recognise_origin(
    session: Session, user_id: UUID | None, token: str | None, network: str
) -> RecognisedOrigin:
    """Recognise device and network of an account.

    One that does not exist recognises nothing, after the same queries.
    """
    key = existing_digest_key(session)
    # Queried also without an account or a key, so that the time is the same for all.
    rows = session.scalars(select(DeviceRow).where(DeviceRow.user_id == user_id)).all()
    if key is None:
        return RecognisedOrigin()
    live = [row for row in rows if row.last_used_at > session.now - DEVICE_LIFETIME]
    shown = None if token is None else token_digest(token)
    place = digest(key, "network", network)
    return RecognisedOrigin(
        device=any(secrets.compare_digest(row.digest, shown or b"") for row in live),
        network=any(row.network == place for row in live),
    )


def remember_device(session: Session, user_id: UUID, token: str | None, network: str) -> str:
    """Return the token of the device: the one it sent, or a new one."""
    place = digest(digest_key(session), "network", network)
    row = None if token is None else session.get(DeviceRow, token_digest(token))
    if token is not None and row is not None and row.user_id == user_id:
        if row.network != place or row.last_used_at < session.now - LAST_USED_RESOLUTION:
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
    """Delete the devices of an account."""
    session.execute(delete(DeviceRow).where(DeviceRow.user_id == user_id))


def prune_devices(session: Session) -> int:
    """Delete devices past `DEVICE_LIFETIME`, at most `PRUNED_AT_ONCE`; return their number."""
    before: datetime = session.now - DEVICE_LIFETIME
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
