"""Turns an access token into a principal, in any process.

It only asks operations: the process that verifies a token need not host the user service. Public
keys are kept for a while; whether the session is still live is asked every time, so that logout,
suspension and another role count at once. The edge may keep the answer for one second.

While the user service is unavailable, a session that was live within `outage_grace` is believed,
so that other services go on. Whoever was never seen here waits until it is back; see
docs/decisions/signed-in-during-an-outage.md.
"""

from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import cast
from uuid import UUID

from joserfc.jwk import ECKey

from colonnade.context import Principal, PrincipalKind
from colonnade.errors import DeadlineExceeded, Unauthenticated, Unavailable
from colonnade.services import ServiceContext
from colonnade_user.api import GetSigningKeys, ResolvedSession, ResolveSession
from colonnade_user.config import UserConfig
from colonnade_user.tokens import key_id_of, rejected, verify

KEYS_LIFETIME = 300.0
"""Seconds after which a tenant's keys are fetched again, so that withdrawn ones are forgotten."""

REFETCH_INTERVAL = 5.0
"""Seconds between two fetches, however many tokens name unknown keys."""

MAXIMUM_SESSIONS = 10_000
"""Sessions that are remembered for that; the longest unseen make room."""

MAXIMUM_TENANTS = 1024
"""Tenants whose keys are kept; the longest unused make room."""


@dataclass(frozen=True, slots=True)
class _Fetched:
    keys: Mapping[str, ECKey]
    at: float


@dataclass(frozen=True, slots=True)
class _Live:
    session: ResolvedSession
    at: float


class KeyRing:
    """The public keys of tenants, fetched when first needed."""

    def __init__(self, ctx: ServiceContext) -> None:
        self._ctx = ctx
        self._fetched: OrderedDict[str, _Fetched] = OrderedDict()

    async def find(self, tenant: str, key_id: str) -> ECKey | None:
        """The tenant's key of this id, if it has one."""
        now = self._ctx.clock.monotonic()
        fetched = self._fetched.get(tenant)
        if fetched is None or self._is_due(fetched, key_id, now):
            fetched = await self._fetch(tenant, now)
        else:
            self._fetched.move_to_end(tenant)
        return fetched.keys.get(key_id)

    @staticmethod
    def _is_due(fetched: _Fetched, key_id: str, now: float) -> bool:
        age = now - fetched.at
        return age > KEYS_LIFETIME or (key_id not in fetched.keys and age > REFETCH_INTERVAL)

    async def _fetch(self, tenant: str, now: float) -> _Fetched:
        try:
            answer = await self._ctx.ask(GetSigningKeys())
        except (Unavailable, DeadlineExceeded):
            known = self._fetched.get(tenant)
            if known is None:
                raise
            return known
        keys = {key.kid: ECKey.import_key(key.model_dump()) for key in answer.keys}
        fetched = self._fetched[tenant] = _Fetched(keys, now)
        self._fetched.move_to_end(tenant)
        while len(self._fetched) > MAXIMUM_TENANTS:
            self._fetched.popitem(last=False)
        return fetched


class BearerAuthenticator:
    """Knows the scheme `Bearer` (RFC 6750)."""

    def __init__(self, ctx: ServiceContext) -> None:
        self._ctx = ctx
        self._keys = KeyRing(ctx)
        self._grace = float(cast("UserConfig", ctx.config).outage_grace)
        self._live: OrderedDict[tuple[str, UUID], _Live] = OrderedDict()

    async def __call__(self, scheme: str, credentials: str) -> Principal | None:
        """The user whose access token `credentials` is; None for another scheme.

        Raises:
            Unauthenticated: the token is forged, expired, another tenant's, or of a session
                that is over.
        """
        if scheme.lower() != "bearer":
            return None
        tenant = self._ctx.tenant().id
        key = await self._keys.find(tenant, key_id_of(credentials))
        if key is None:
            raise rejected("The access token was not signed by this academy")
        claims = verify(credentials, key, tenant=tenant, now=self._ctx.clock.now().timestamp())
        return await self._principal(tenant, claims.session_id, claims.user_id)

    async def _principal(self, tenant: str, session_id: UUID, user_id: UUID) -> Principal:
        found = await self._session(tenant, session_id)
        if found.user_id != user_id:
            raise rejected("The access token names another user than its session")
        return Principal(
            PrincipalKind.USER,
            str(user_id),
            roles=(str(found.role),),
            session_id=str(session_id),
        )

    async def _session(self, tenant: str, session_id: UUID) -> ResolvedSession:
        key = (tenant, session_id)
        now = self._ctx.clock.monotonic()
        try:
            found = await self._ctx.ask(ResolveSession(session_id=session_id))
        except Unauthenticated:
            self._live.pop(key, None)
            raise rejected("The session is over, sign in again") from None
        except (Unavailable, DeadlineExceeded):
            known = self._live.get(key)
            if known is None or now - known.at >= self._grace:
                raise
            return known.session
        self._live[key] = _Live(found, now)
        self._live.move_to_end(key)
        while len(self._live) > MAXIMUM_SESSIONS:
            self._live.popitem(last=False)
        return found
