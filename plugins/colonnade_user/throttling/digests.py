"""Digests of addresses and networks, inside a unit of work: an academy never stores them plainly.

They are keyed, because the few IPv4 addresses there are could all be tried. The key is made when
something is first counted, lives in the academy's own store and leaves it with no export of rows.
"""

import hashlib
import secrets

from colonnade.store import Session
from colonnade.tables import StoreFact

KEY_NAME = "user:digest-key"
KEY_BYTES = 32
DIGEST_BYTES = 16


def digest(key: bytes, *parts: str) -> bytes:
    """A digest of `parts`, of which none can pass for a piece of another."""
    made = hashlib.blake2b(key=key, digest_size=DIGEST_BYTES)
    for part in parts:
        encoded = part.encode("utf-8", "surrogatepass")
        made.update(len(encoded).to_bytes(4, "big") + encoded)
    return made.digest()


def known_key(session: Session) -> bytes | None:
    """The academy's key; None while nothing was ever counted."""
    fact = session.get(StoreFact, KEY_NAME)
    return None if fact is None else bytes.fromhex(fact.value)


def key_of(session: Session) -> bytes:
    """The academy's key, made now if there is none."""
    known = known_key(session)
    if known is not None:
        return known
    made = secrets.token_bytes(KEY_BYTES)
    session.add(StoreFact(name=KEY_NAME, value=made.hex()))
    session.flush()
    return made
