"""Turns an access token into a principal, in any process.

It only asks operations: the process that verifies a token need not host the user service. Public
keys are kept for a while; whether the session is still live is asked every time, so that logout,
suspension and another role count at once. The edge may keep the answer for one second.

While the user service is unavailable, a session that was live within `outage_grace` is believed,
so that other services go on, unless its end was heard meanwhile: every process hears as it is
published when a session ends, a role changes or an account is suspended or deleted. Whoever was
never seen here waits until the service is back; see docs/decisions/signed-in-during-an-outage.md.
"""

from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from joserfc.jwk import ECKey

from colonnade.context import Principal, PrincipalKind
from colonnade.errors import DeadlineExceeded, Unauthenticated, Unavailable
from colonnade.events import Event
from colonnade_user.api import GetSigningKeys, ResolvedSession, ResolveSession
from colonnade_user.authentication.known_sessions import KnownSessions
from colonnade_user.config import UserContext
from colonnade_user.tokens.access_tokens import key_id_of, rejected, verify

KEYS_LIFETIME = 300.0
"""Seconds after which a tenant's keys are fetched again, so that withdrawn ones are forgotten."""

REFETCH_INTERVAL = 5.0
"""Seconds between two fetches, however many tokens name unknown keys."""

MAXIMUM_TENANTS = 1024
"""Tenants whose keys are kept; the longest unused make room."""


@dataclass(frozen=True, slots=True)
class _Fetched:
    keys: Mapping[str, ECKey]
    at: float


class KeyRing:
    """The public keys of tenants, fetched when first needed."""

    def __init__(self, ctx: UserContext) -> None:
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

    def __init__(self, ctx: UserContext) -> None:
        self._ctx = ctx
        self._keys = KeyRing(ctx)
        self._grace = float(ctx.config.outage_grace)
        self._known = KnownSessions()

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
        found = await self._session(tenant, session_id, user_id)
        if found.user_id != user_id:
            raise rejected("The access token names another user than its session")
        return Principal(
            PrincipalKind.USER,
            str(user_id),
            roles=(str(found.role),),
            session_id=str(session_id),
        )

    def heard(self, event: Event) -> None:
        """A session, a role or an account changed, wherever that was."""
        tenant = self._ctx.tenant().id
        user_id = self._known.hear(tenant, event, self._ctx.clock.monotonic())
        if user_id is not None:
            self._ctx.invalidate_principal(str(user_id))

    async def _session(self, tenant: str, session_id: UUID, user_id: UUID) -> ResolvedSession:
        began = self._ctx.clock.monotonic()
        try:
            found = await self._resolved(tenant, session_id)
            if self._known.heard_since(tenant, found.user_id, began):
                # The answer may be older than what was heard while it was on its way.
                began = self._ctx.clock.monotonic()
                found = await self._resolved(tenant, session_id)
        except (Unavailable, DeadlineExceeded):
            now = self._ctx.clock.monotonic()
            if self._known.is_over(tenant, session_id, user_id):
                raise rejected("The session is over, sign in again") from None
            known = self._known.find(tenant, session_id, not_before=now - self._grace)
            if known is None:
                raise
            return known
        self._known.keep(tenant, session_id, found, began)
        return found

    async def _resolved(self, tenant: str, session_id: UUID) -> ResolvedSession:
        try:
            return await self._ctx.ask(ResolveSession(session_id=session_id))
        except Unauthenticated:
            self._known.forget(tenant, session_id)
            raise rejected("The session is over, sign in again") from None
