"""Keyed digests of addresses and networks, inside a unit of work; neither is stored plainly.

They are keyed, because all IPv4 addresses could be tried otherwise. The key is made when something
is first counted, lives in the academy's own store and leaves it with no export of rows.
"""

import hashlib
import secrets

from colonnade.store import Session
from colonnade.tables import StoreFact

KEY_NAME = "user:digest-key"
KEY_BYTES = 32
DIGEST_BYTES = 16


def digest(key: bytes, *parts: str) -> bytes:
    """Digest `parts`, each with its length, so that no two lists of parts are alike."""
    made = hashlib.blake2b(key=key, digest_size=DIGEST_BYTES)
    for part in parts:
        encoded = part.encode("utf-8", "surrogatepass")
        made.update(len(encoded).to_bytes(4, "big") + encoded)
    return made.digest()


def existing_digest_key(session: Session) -> bytes | None:
    """Return the academy's key; None while nothing was ever counted."""
    fact = session.get(StoreFact, KEY_NAME)
    return None if fact is None else bytes.fromhex(fact.value)


def digest_key(session: Session) -> bytes:
    """Return the academy's key, made now if there is none."""
    known = existing_digest_key(session)
    if known is not None:
        return known
    made = secrets.token_bytes(KEY_BYTES)
    session.add(StoreFact(name=KEY_NAME, value=made.hex()))
    session.flush()
    return made
