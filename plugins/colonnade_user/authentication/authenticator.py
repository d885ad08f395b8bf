"""Authenticator: verifies an access token and returns its principal, in any process.

It only asks operations: the process that verifies a token need not host the user service. Public
keys are cached for a while; the session is resolved every time, so that logout, suspension and a
change of role take effect at once. The edge may cache the answer for one second.

While the user service is unavailable, a session that was live within `outage_grace` is accepted,
so that other services go on, unless its end was heard meanwhile: every process hears as it is
published when a session ends, a role changes or an account is suspended or deleted. A session that
this process never saw waits until the service is back; see
docs/decisions/signed-in-during-an-outage.md.
"""

from uuid import UUID

from colonnade.context import Principal, PrincipalKind
from colonnade.errors import DeadlineExceeded, Unauthenticated, Unavailable
from colonnade.events import Event
from colonnade_user.api import ResolvedSession, ResolveSession
from colonnade_user.authentication.key_ring import KeyRing
from colonnade_user.authentication.session_cache import SessionCache
from colonnade_user.config import UserContext
from colonnade_user.tokens.access_tokens import invalid_token, key_id_of, verify_access_token


class BearerAuthenticator:
    """Authenticator of the scheme `Bearer` (RFC 6750)."""

    def __init__(self, ctx: UserContext) -> None:
        self._ctx = ctx
        self._keys = KeyRing(ctx)
        self._grace = float(ctx.config.outage_grace)
        self._sessions = SessionCache()

    async def __call__(self, scheme: str, credentials: str) -> Principal | None:
        """Return the user of the access token `credentials`; None for another scheme.

        Raises:
            Unauthenticated: the token is forged, expired, another tenant's, or of a session
                that is over.
        """
        if scheme.lower() != "bearer":
            return None
        tenant = self._ctx.tenant().id
        key = await self._keys.find(tenant, key_id_of(credentials))
        if key is None:
            raise invalid_token("The access token was not signed by this academy")
        claims = verify_access_token(
            credentials, key, tenant=tenant, now=self._ctx.clock.now().timestamp()
        )
        return await self._principal(tenant, claims.session_id, claims.user_id)

    async def _principal(self, tenant: str, session_id: UUID, user_id: UUID) -> Principal:
        found = await self._session(tenant, session_id, user_id)
        if found.user_id != user_id:
            raise invalid_token("The access token names another user than its session")
        return Principal(
            PrincipalKind.USER,
            str(user_id),
            roles=(str(found.role),),
            session_id=str(session_id),
        )

    def heard(self, event: Event) -> None:
        """Apply the change of a session, a role or an account, in whichever process it was."""
        tenant = self._ctx.tenant().id
        user_id = self._sessions.apply(tenant, event, self._ctx.clock.monotonic())
        if user_id is not None:
            self._ctx.invalidate_principal(str(user_id))

    async def _session(self, tenant: str, session_id: UUID, user_id: UUID) -> ResolvedSession:
        began = self._ctx.clock.monotonic()
        try:
            found = await self._resolved(tenant, session_id)
            if self._sessions.changed_since(tenant, found.user_id, began):
                # The answer may be older than the change that was heard while it was on its way.
                began = self._ctx.clock.monotonic()
                found = await self._resolved(tenant, session_id)
        except (Unavailable, DeadlineExceeded):
            now = self._ctx.clock.monotonic()
            if self._sessions.is_over(tenant, session_id, user_id):
                raise invalid_token("The session is over, sign in again") from None
            cached = self._sessions.find(tenant, session_id, not_before=now - self._grace)
            if cached is None:
                raise
            return cached
        self._sessions.store(tenant, session_id, found, began)
        return found

    async def _resolved(self, tenant: str, session_id: UUID) -> ResolvedSession:
        try:
            return await self._ctx.ask(ResolveSession(session_id=session_id))
        except Unauthenticated:
            self._sessions.forget(tenant, session_id)
            raise invalid_token("The session is over, sign in again") from None
