"""Key ring: the public keys of tenants, cached in the process that verifies tokens."""

from collections.abc import Mapping
from dataclasses import dataclass

from cachetools import LRUCache
from joserfc.jwk import ECKey

from colonnade.errors import DeadlineExceeded, Unavailable
from colonnade_user.api import GetSigningKeys
from colonnade_user.config import UserContext

KEYS_LIFETIME = 300.0
"""Seconds after which a tenant's keys are fetched again, so that withdrawn ones are dropped."""

REFETCH_INTERVAL = 5.0
"""Seconds between two fetches, however many tokens name unknown keys."""

MAXIMUM_TENANTS = 1024
"""Tenants whose keys are cached; the longest unused are evicted."""


@dataclass(frozen=True, slots=True)
class _Fetched:
    keys: Mapping[str, ECKey]
    at: float


class KeyRing:
    """Cache of the public keys of tenants, fetched when first needed.

    An unknown key id fetches again, at most every `REFETCH_INTERVAL`: a new key is found soon after
    a rotation, and made-up ids cause no flood of fetches.
    """

    def __init__(self, ctx: UserContext) -> None:
        self._ctx = ctx
        self._fetched: LRUCache[str, _Fetched] = LRUCache(MAXIMUM_TENANTS)

    async def find(self, tenant: str, key_id: str) -> ECKey | None:
        """Find the tenant's key of this id."""
        now = self._ctx.clock.monotonic()
        fetched = self._fetched.get(tenant)
        if fetched is None or self._is_due(fetched, key_id, now):
            fetched = await self._fetch(tenant, now)
        return fetched.keys.get(key_id)

    @staticmethod
    def _is_due(fetched: _Fetched, key_id: str, now: float) -> bool:
        age = now - fetched.at
        return age > KEYS_LIFETIME or (key_id not in fetched.keys and age > REFETCH_INTERVAL)

    async def _fetch(self, tenant: str, now: float) -> _Fetched:
        try:
            answer = await self._ctx.ask(GetSigningKeys())
        except (Unavailable, DeadlineExceeded):
            # Stale keys go on verifying in an outage; a tenant never fetched has to wait.
            known = self._fetched.get(tenant)
            if known is None:
                raise
            return known
        keys = {key.kid: ECKey.import_key(key.model_dump()) for key in answer.keys}
        fetched = self._fetched[tenant] = _Fetched(keys, now)
        return fetched
