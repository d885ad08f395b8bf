"""Password hashing: Argon2id off the event loop, in turns, with equal work for unknown accounts."""

import secrets
import unicodedata
from contextlib import AbstractAsyncContextManager
from functools import cache

from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher

from colonnade.context import context_or_none
from colonnade.services import ServiceContext
from colonnade_user.passwords.fair_queue import FairQueue

MEMORY_KIBIBYTES = 19 * 1024
ITERATIONS = 2
LANES = 1
MAXIMUM_WAITING = 64
"""Passwords of one academy that may wait; at some 30 ms each, the last one waits about 2 s on two
processors when no other academy signs in."""


def normalised(password: str) -> str:
    """Normalise a password before hashing: NFKC, so that every keyboard types the same one
    (NIST SP 800-63B §5.1.1.2)."""
    return unicodedata.normalize("NFKC", password)


def new_password_hash() -> PasswordHash:
    """Argon2id with 19 MiB, two iterations and one lane (the OWASP minimum)."""
    hasher = Argon2Hasher(time_cost=ITERATIONS, memory_cost=MEMORY_KIBIBYTES, parallelism=LANES)
    return PasswordHash((hasher,))


@cache
def unmatched_hash() -> str:
    """Hash that no password matches; computed once per process."""
    return new_password_hash().hash(secrets.token_urlsafe())


class PasswordHasher:
    """Hashing and verification behind the event loop's thread; academies take turns."""

    def __init__(self, ctx: ServiceContext, *, maximum_waiting: int = MAXIMUM_WAITING) -> None:
        self._ctx = ctx
        self._hasher = new_password_hash()
        self._queue = FairQueue(at_once=ctx.low_priority_threads, maximum_waiting=maximum_waiting)
        self._decoy = unmatched_hash()

    async def hash(self, password: str) -> str:
        """Hash a password.

        Raises:
            Unavailable: too many passwords of the academy wait already.
        """
        async with self._turn():
            return await self._ctx.in_low_priority(self._hasher.hash, normalised(password))

    async def verify(self, password: str, stored: str | None) -> tuple[bool, str | None]:
        """Verify `password` against the hash `stored`; return also a new hash if it needs one.

        Without a hash, one that nothing matches is verified instead: an account that does not
        exist takes the time of one that does.

        Raises:
            Unavailable: too many passwords of the academy wait already.
        """
        against = self._decoy if stored is None else stored
        async with self._turn():
            valid, renewed = await self._ctx.in_low_priority(
                self._hasher.verify_and_update, normalised(password), against
            )
        if stored is None:
            return False, None
        return valid, renewed

    def _turn(self) -> AbstractAsyncContextManager[None]:
        context = context_or_none()
        return self._queue.turn("" if context is None else context.tenant)
