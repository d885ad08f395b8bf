"""Authentication of requests: credentials verified once, remembered for a second at most."""

import time
from collections.abc import Sequence

from cachetools import LRUCache

from colonnade.context import Context, Principal, use_context
from colonnade.errors import Unauthenticated
from colonnade.services import Authenticator

KEPT_SECONDS = 1.0
"""Seconds for which a verified credential is believed without asking again."""

MAXIMUM_KEPT = 10_000
MAXIMUM_CREDENTIALS = 8192


class Authentication:
    """Asks the authenticators in turn, and remembers their answers for a second."""

    def __init__(self, authenticators: Sequence[Authenticator]) -> None:
        self._authenticators = authenticators
        # Each with the time until which it counts: a TTL cache would look up four times as slowly.
        self._verified: LRUCache[tuple[str, str], tuple[Principal, float]] = LRUCache(MAXIMUM_KEPT)

    async def principal(self, context: Context, header: str | None) -> Principal:
        """The principal of an `Authorization` header; `context` is the edge's own.

        Raises:
            Unauthenticated: the credentials are not valid here.
        """
        if header is None:
            return Principal.anonymous()
        key = (context.tenant, header)
        kept = self._verified.get(key)
        if kept is not None and kept[1] > time.monotonic():
            return kept[0]
        principal = await self._verify(context, header)
        self._verified[key] = (principal, time.monotonic() + KEPT_SECONDS)
        return principal

    def forget(self, tenant: str, principal_id: str) -> None:
        """Verify every credential of this principal anew."""
        gone = [
            key
            for key, (principal, _) in self._verified.items()
            if key[0] == tenant and principal.id == principal_id
        ]
        for key in gone:
            del self._verified[key]

    async def _verify(self, context: Context, header: str) -> Principal:
        scheme, _, credentials = header.partition(" ")
        if len(header) <= MAXIMUM_CREDENTIALS:
            with use_context(context):
                for authenticator in self._authenticators:
                    found = await authenticator(scheme.lower(), credentials.strip())
                    if isinstance(found, Principal):
                        return found
        raise Unauthenticated(
            "The Authorization header is of no kind that is known here.",
            headers={"WWW-Authenticate": "Bearer"},
        )
