"""Keys of a tenant, made when they are first needed and kept in its store."""

import secrets

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from colonnade.services import ServiceContext
from colonnade.store import Session
from colonnade_notification.addressing.unsubscribe_tokens import Undated
from colonnade_notification.models import KeyRow

UNSUBSCRIBE = "unsubscribe"
UNDATED = "unsubscribe_undated"
"""The key of unsubscribe links from before they said when they were made. Its row is from the
upgrade, so it says since when none are made."""

VAPID = "vapid"


async def key_of(ctx: ServiceContext, name: str) -> bytes:
    """The tenant's key `name`. Of two made at once, one is kept."""
    kept = await ctx.store.read(lambda session: _find(session, name))
    if kept is not None:
        return kept
    made = _new_vapid_key() if name == VAPID else secrets.token_bytes(32)

    def work(session: Session) -> bytes:
        found = _find(session, name)
        if found is not None:
            return found
        session.add(KeyRow(name=name, value=made, created_at=session.now))
        return made

    return await ctx.store.run(work)


async def undated_key(ctx: ServiceContext) -> Undated | None:
    """The key of links without a date; None where no such links were made."""

    def work(session: Session) -> Undated | None:
        row = session.get(KeyRow, UNDATED)
        return None if row is None else Undated(row.value, row.created_at)

    return await ctx.store.read(work)


def _find(session: Session, name: str) -> bytes | None:
    row = session.get(KeyRow, name)
    return None if row is None else row.value


def _new_vapid_key() -> bytes:
    """A P-256 key (RFC 8292 §3.1), PKCS #8 in DER."""
    return ec.generate_private_key(ec.SECP256R1()).private_bytes(
        serialization.Encoding.DER,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
