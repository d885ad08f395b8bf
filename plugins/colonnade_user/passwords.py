"""Passwords: Argon2id off the event loop, bounded, with equal work for unknown accounts."""

import secrets
import unicodedata
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import cache

from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher

from colonnade.errors import Unavailable
from colonnade.services import ServiceContext

MEMORY_KIBIBYTES = 19 * 1024
ITERATIONS = 2
LANES = 1
MAXIMUM_WAITING = 64
"""Passwords that may wait for a worker; at some 30 ms each, the last one waits about 2 s."""

RETRY_AFTER = 2
"""Seconds after which somebody turned away may try again."""


def prepared(password: str) -> str:
    """The password as it is hashed: NFKC, so that every keyboard types the same one
    (NIST SP 800-63B §5.1.1.2)."""
    return unicodedata.normalize("NFKC", password)


def new_password_hash() -> PasswordHash:
    """Argon2id with 19 MiB, two iterations and one lane (OWASP's minimum)."""
    hasher = Argon2Hasher(time_cost=ITERATIONS, memory_cost=MEMORY_KIBIBYTES, parallelism=LANES)
    return PasswordHash((hasher,))


@cache
def _unmatched() -> str:
    """A hash that no password matches; made once per process."""
    return new_password_hash().hash(secrets.token_urlsafe())


class Passwords:
    """Hashes and verifies on the worker threads of the service."""

    def __init__(self, ctx: ServiceContext, *, maximum_waiting: int = MAXIMUM_WAITING) -> None:
        self._ctx = ctx
        self._hasher = new_password_hash()
        self._maximum_waiting = maximum_waiting
        self._waiting = 0
        self._decoy = _unmatched()

    async def hash(self, password: str) -> str:
        """The hash to keep.

        Raises:
            Unavailable: too many passwords wait already.
        """
        async with self._place():
            return await self._ctx.in_worker(self._hasher.hash, prepared(password))

    async def verify(self, password: str, kept: str | None) -> tuple[bool, str | None]:
        """Whether `password` is the one whose hash is `kept`, and a new hash if it needs one.

        Without a hash, one that nothing matches is verified instead: an account that does not
        exist takes the time of one that does.

        Raises:
            Unavailable: too many passwords wait already.
        """
        against = self._decoy if kept is None else kept
        async with self._place():
            valid, renewed = await self._ctx.in_worker(
                self._hasher.verify_and_update, prepared(password), against
            )
        if kept is None:
            return False, None
        return valid, renewed

    @asynccontextmanager
    async def _place(self) -> AsyncIterator[None]:
        if self._waiting >= self._maximum_waiting:
            raise Unavailable(
                "Too many people sign in at this moment; try again in a few seconds.",
                details={"retry_after": RETRY_AFTER},
                headers={"Retry-After": str(RETRY_AFTER)},
            )
        self._waiting += 1
        try:
            yield
        finally:
            self._waiting -= 1
