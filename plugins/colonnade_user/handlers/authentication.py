"""Operations that open, continue, resolve and close sessions."""

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from colonnade.errors import Unauthenticated
from colonnade.messages import Empty
from colonnade.operations import Call, handles
from colonnade.store import Session
from colonnade_user.accounts.records import account_for_sign_in
from colonnade_user.api import (
    AccountSuspended,
    InvalidCredentials,
    Login,
    Logout,
    RefreshTokens,
    ResolvedSession,
    ResolveSession,
    Role,
    SessionEnd,
    SessionOver,
    TokenPair,
    UserStatus,
)
from colonnade_user.config import UserContext
from colonnade_user.models import SessionRow, UserRow
from colonnade_user.passwords.credentials import Credential, credential_of, replace_hash
from colonnade_user.passwords.hashing import PasswordHasher
from colonnade_user.sessions.current import current_session
from colonnade_user.sessions.records import (
    GrantedSession,
    Lifetimes,
    RefusedToken,
    continue_session,
    end_session,
    is_live,
    open_session,
)
from colonnade_user.throttling.attempt_counters import (
    cleared_by_success,
    sign_in_counters,
    token_counters,
)
from colonnade_user.throttling.counters import Counter, Reading, clear_counters, read_counters
from colonnade_user.throttling.devices import recognise_origin, remember_device
from colonnade_user.throttling.throttle import Throttle, client_network
from colonnade_user.tokens.access_tokens import SigningKey, issue_access_token
from colonnade_user.tokens.refresh_tokens import session_row_of
from colonnade_user.tokens.signing_keys import current_signing_key

_SUSPENDED = "This account is suspended; ask the academy's admins."


@dataclass(frozen=True, slots=True)
class _SignIn:
    """Credential of the account, if there is one, and the counters that the attempt raises."""

    credential: Credential | None
    readings: Mapping[Counter, Reading]


class AuthenticationHandlers:
    """Handlers of login, refresh, logout and the resolution of sessions."""

    def __init__(self, ctx: UserContext, hasher: PasswordHasher, throttle: Throttle) -> None:
        self._ctx = ctx
        self._hasher = hasher
        self._throttle = throttle

    @handles(Login)
    async def login(self, request: Login, call: Call) -> TokenPair:
        """Verify the password, then open a session.

        An unknown address takes the same steps as a known one, so that neither the answer nor
        its time tells which it is.
        """
        network = client_network(call)
        sign_in = await self._ctx.store.read(
            lambda session: self._sign_in(session, request, network)
        )
        credential, renewed = await self._verify(request, sign_in)

        def work(session: Session) -> tuple[GrantedSession, SigningKey, str]:
            replace_hash(session, credential, renewed)
            user = session.get_one(UserRow, credential.user_id)
            if user.status != UserStatus.ACTIVE:
                raise AccountSuspended(_SUSPENDED)
            clear_counters(session, cleared_by_success(sign_in.readings))
            device = remember_device(session, user.id, request.device_token, network)
            granted = open_session(session, user.id, self._lifetimes())
            return granted, current_signing_key(session), device

        granted, key, device = await self._ctx.store.run(work)
        pair = self._tokens(call.tenant, granted, key)
        return pair.model_copy(update={"device_token": device})

    @handles(RefreshTokens)
    async def refresh_tokens(self, request: RefreshTokens, call: Call) -> TokenPair:
        """Exchange the refresh token; a second use of one ends the session, unless the client
        repeats its last one at once."""
        network = client_network(call)

        def work(session: Session) -> tuple[GrantedSession, SigningKey] | RefusedToken:
            outcome = continue_session(session, request.refresh_token, self._lifetimes(), network)
            if isinstance(outcome, RefusedToken):
                return outcome
            if session.get_one(UserRow, outcome.user_id).status != UserStatus.ACTIVE:
                raise SessionOver(_SUSPENDED)
            return outcome, current_signing_key(session)

        outcome = await self._ctx.store.run(work)
        if isinstance(outcome, RefusedToken):
            await self._refuse(outcome, call)
            raise SessionOver("The refresh token is not valid any more; sign in again.")
        return self._tokens(call.tenant, *outcome)

    @handles(Logout)
    async def logout(self, request: Logout, call: Call) -> Empty:
        """End the caller's session and the one whose token is given, if they are still live."""
        current = current_session(call)
        token = request.refresh_token
        if current is None and token is None:
            raise Unauthenticated("Nobody is signed in: send the access or the refresh token.")

        def work(session: Session) -> set[UUID]:
            found = {
                session.get(SessionRow, current) if current else None,
                session_row_of(session, token) if token else None,
            }
            rows = {row for row in found if row is not None}
            for row in rows:
                end_session(session, row, SessionEnd.LOGOUT)
            return {row.user_id for row in rows}

        for user_id in await self._ctx.store.run(work):
            self._ctx.invalidate_principal(str(user_id))
        await self._ctx.published()
        return Empty()

    @handles(ResolveSession)
    async def resolve_session(self, request: ResolveSession, call: Call) -> ResolvedSession:
        """Return the user of a live session."""

        def work(session: Session) -> ResolvedSession:
            row = session.get(SessionRow, request.session_id)
            user = session.get(UserRow, row.user_id) if row else None
            if row is None or user is None or not is_live(row, session.now):
                raise SessionOver("The session has ended; sign in again.")
            if user.status != UserStatus.ACTIVE:
                raise SessionOver(_SUSPENDED)
            return ResolvedSession(user_id=user.id, role=Role(user.role), expires_at=row.expires_at)

        return await self._ctx.store.read(work)

    def _sign_in(self, session: Session, request: Login, network: str) -> _SignIn:
        user = account_for_sign_in(session, request.email)
        credential = None if user is None else credential_of(session, user.id)
        user_id = credential.user_id if credential else None
        origin = recognise_origin(session, user_id, request.device_token, network)
        counters = sign_in_counters(
            self._throttle.config, request.email, network, request.device_token, origin
        )
        return _SignIn(credential, read_counters(session, counters))

    async def _verify(self, request: Login, sign_in: _SignIn) -> tuple[Credential, str | None]:
        """Return the credential that the password matches, and a new hash if it needs one."""
        credential = sign_in.credential
        with self._throttle.attempt(sign_in.readings):
            valid, renewed = await self._hasher.verify(
                request.password, credential.password_hash if credential else None
            )
            if credential is None or not valid:
                await self._throttle.count(list(sign_in.readings))
                raise InvalidCredentials("The e-mail address or the password is wrong.")
        return credential, renewed

    async def _refuse(self, refused: RefusedToken, call: Call) -> None:
        """Count a refused token against the network; log one that ended its session.

        It is counted only here: a token that continues a session does so even while somebody
        floods the same network.
        """
        if refused.ended_for is not None:
            self._ctx.invalidate_principal(str(refused.ended_for))
            self._ctx.log.warning("refresh_token_reused", user_id=str(refused.ended_for))
        await self._throttle.spend(token_counters(self._throttle.config, client_network(call)))

    def _lifetimes(self) -> Lifetimes:
        return Lifetimes.of(self._ctx.config)

    def _tokens(self, tenant: str, granted: GrantedSession, key: SigningKey) -> TokenPair:
        lifetime = self._ctx.config.access_token_lifetime
        access_token = issue_access_token(
            key,
            tenant=tenant,
            user_id=granted.user_id,
            session_id=granted.session_id,
            now=self._ctx.clock.now(),
            lifetime=lifetime,
        )
        return TokenPair(
            access_token=access_token,
            refresh_token=granted.refresh_token,
            token_type="Bearer",  # noqa: S106
            expires_in=int(lifetime),
        )
