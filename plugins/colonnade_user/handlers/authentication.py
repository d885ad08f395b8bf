"""Signing in, staying signed in and leaving: what the operations on sessions do."""

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from colonnade.errors import FieldError, Unauthenticated
from colonnade.messages import Empty
from colonnade.operations import Call, handles
from colonnade.store import Session
from colonnade_user.api import (
    AccountSuspended,
    ChangePassword,
    GetSigningKeys,
    InvalidCredentials,
    JsonWebKeySet,
    Login,
    Logout,
    PasswordChanged,
    Purpose,
    RefreshTokens,
    ResolvedSession,
    ResolveSession,
    Role,
    RotateSigningKey,
    SessionEnd,
    SessionOver,
    TokenPair,
    UserStatus,
    WrongPassword,
)
from colonnade_user.config import UserContext
from colonnade_user.confirmations.records import close_of
from colonnade_user.handlers.accounts import account_known_as
from colonnade_user.handlers.sessions import current_session
from colonnade_user.models import CredentialRow, SessionRow, UserRow
from colonnade_user.passwords.hashing import Passwords
from colonnade_user.passwords.rules import academy_names, check_password
from colonnade_user.sessions.records import (
    Granted,
    Lifetimes,
    Refused,
    continue_session,
    end_session,
    end_sessions_of,
    is_live,
    open_session,
)
from colonnade_user.throttling.counted_attempts import (
    cleared_by_success,
    password_change_counters,
    sign_in_counters,
    token_counters,
)
from colonnade_user.throttling.counters import Counter, Reading, clear_counters, read_counters
from colonnade_user.throttling.devices import acquaintance_of, remember_device
from colonnade_user.throttling.throttle import Throttle, client_network
from colonnade_user.tokens.access_tokens import SigningKey, issue
from colonnade_user.tokens.refresh_tokens import session_row_of
from colonnade_user.tokens.signing_keys import current_key, published_keys, rotate

_NO_ACCOUNT = "Only somebody with an account has a password to change."


@dataclass(frozen=True, slots=True)
class _Kept:
    user_id: UUID
    password_hash: str


@dataclass(frozen=True, slots=True)
class _Seen:
    """What a sign-in meets: an account or none, and how the counters stand that it raises."""

    kept: _Kept | None
    readings: Mapping[Counter, Reading]


class AuthenticationHandlers:
    """Login, refresh, logout, passwords and keys."""

    def __init__(self, ctx: UserContext, passwords: Passwords, throttle: Throttle) -> None:
        self._ctx = ctx
        self._passwords = passwords
        self._throttle = throttle

    @handles(Login)
    async def login(self, request: Login, call: Call) -> TokenPair:
        """Verify the password, then open a session; unknown addresses take the same way."""
        network = client_network(call)
        seen = await self._ctx.store.read(lambda session: self._seen(session, request, network))
        kept = seen.kept
        with self._throttle.attempt(seen.readings):
            valid, renewed = await self._passwords.verify(
                request.password, kept.password_hash if kept else None
            )
            if kept is None or not valid:
                await self._throttle.count(list(seen.readings))
                raise InvalidCredentials("The e-mail address or the password is wrong.")

        def work(session: Session) -> tuple[Granted, SigningKey, str]:
            _renew(session, kept, renewed)
            user = session.get_one(UserRow, kept.user_id)
            if user.status != UserStatus.ACTIVE:
                raise AccountSuspended("This account is suspended; ask the academy's admins.")
            clear_counters(session, cleared_by_success(seen.readings))
            device = remember_device(session, kept.user_id, request.device_token, network)
            granted = open_session(session, kept.user_id, self._lifetimes())
            return granted, current_key(session), device

        granted, key, device = await self._ctx.store.run(work)
        pair = self._tokens(call.tenant, granted, key)
        return pair.model_copy(update={"device_token": device})

    def _seen(self, session: Session, request: Login, network: str) -> _Seen:
        kept = _credential_of(session, request.email)
        user_id = kept.user_id if kept else None
        known = acquaintance_of(session, user_id, request.device_token, network)
        counters = sign_in_counters(
            self._throttle.config, request.email, network, request.device_token, known
        )
        return _Seen(kept, read_counters(session, counters))

    @handles(RefreshTokens)
    async def refresh(self, request: RefreshTokens, call: Call) -> TokenPair:
        """Trade the refresh token; a second use of one ends the session."""

        counters = token_counters(self._throttle.config, client_network(call))

        def work(session: Session) -> tuple[Granted, SigningKey] | Refused:
            outcome = continue_session(session, request.refresh_token, self._lifetimes())
            if isinstance(outcome, Refused):
                return outcome
            user = session.get_one(UserRow, outcome.user_id)
            if user.status != UserStatus.ACTIVE:
                raise SessionOver("This account is suspended; ask the academy's admins.")
            return outcome, current_key(session)

        outcome = await self._ctx.store.run(work)
        if isinstance(outcome, Refused):
            if outcome.ended_for is not None:
                self._ctx.invalidate_principal(str(outcome.ended_for))
                self._ctx.log.warning("refresh_token_reused", user_id=str(outcome.ended_for))
            # Only now: a token that continues a session does so whoever floods the network.
            await self._throttle.spend(counters)
            raise SessionOver("The refresh token is not valid any more; sign in again.")
        return self._tokens(call.tenant, *outcome)

    @handles(Logout)
    async def logout(self, request: Logout, call: Call) -> Empty:
        """End the caller's session and the one whose token is given, if they are still there."""
        current = current_session(call)
        token = request.refresh_token
        if current is None and token is None:
            raise Unauthenticated("Nobody is signed in: send the access or the refresh token.")

        def work(session: Session) -> set[UUID]:
            ended = set()
            rows = {
                session.get(SessionRow, current) if current else None,
                session_row_of(session, token) if token else None,
            }
            for row in rows - {None}:
                assert row is not None
                end_session(session, row, SessionEnd.LOGOUT)
                ended.add(row.user_id)
            return ended

        for user_id in await self._ctx.store.run(work):
            self._ctx.invalidate_principal(str(user_id))
        await self._ctx.published()
        return Empty()

    @handles(ResolveSession)
    async def resolve(self, request: ResolveSession, call: Call) -> ResolvedSession:
        """Say who a live session belongs to."""

        def work(session: Session) -> ResolvedSession:
            row = session.get(SessionRow, request.session_id)
            user = session.get(UserRow, row.user_id) if row else None
            if row is None or user is None or not is_live(row, session.now):
                raise SessionOver("The session has ended; sign in again.")
            if user.status != UserStatus.ACTIVE:
                raise SessionOver("This account is suspended; ask the academy's admins.")
            return ResolvedSession(user_id=user.id, role=Role(user.role), expires_at=row.expires_at)

        return await self._ctx.store.read(work)

    @handles(ChangePassword)
    async def change_password(self, request: ChangePassword, call: Call) -> Empty:
        """Replace the caller's password, who has to know the current one."""
        user_id = call.require_person(_NO_ACCOUNT)
        names = await self._ctx.store.read(lambda session: _names_of(session, user_id))
        check_password(
            request.new_password, pointer="/new_password", names=(*names, *academy_names(self._ctx))
        )
        kept = await self._ctx.store.read(lambda session: _credential_by_id(session, user_id))
        counters = password_change_counters(
            self._throttle.config, call.context.principal.session_id
        )
        readings = await self._throttle.read(counters)
        with self._throttle.attempt(readings):
            valid, _ = await self._passwords.verify(
                request.current_password, kept.password_hash if kept else None
            )
            if kept is None or not valid:
                await self._throttle.count(counters)
                wrong = FieldError("/current_password", "is not your password", "wrong_password")
                raise WrongPassword(fields=[wrong])
        replacement = await self._passwords.hash(request.new_password)

        def work(session: Session) -> None:
            _renew(session, kept, replacement)
            end_sessions_of(
                session, user_id, SessionEnd.PASSWORD_CHANGED, keep=current_session(call)
            )
            close_of(session, user_id, Purpose.PASSWORD_RESET, Purpose.EMAIL_CHANGE)
            session.publish(PasswordChanged(user_id=user_id))

        await self._ctx.store.run(work)
        self._ctx.invalidate_principal(str(user_id))
        await self._ctx.published()
        return Empty()

    @handles(GetSigningKeys)
    async def signing_keys(self, request: GetSigningKeys, call: Call) -> JsonWebKeySet:
        """The public keys."""
        return await self._ctx.store.read(published_keys)

    @handles(RotateSigningKey)
    async def rotate_signing_key(self, request: RotateSigningKey, call: Call) -> JsonWebKeySet:
        """Add a key, let the others run out."""

        def work(session: Session) -> JsonWebKeySet:
            rotate(session)
            session.flush()
            return published_keys(session)

        return await self._ctx.store.run(work)

    def _lifetimes(self) -> Lifetimes:
        return Lifetimes.of(self._ctx.config)

    def _tokens(self, tenant: str, granted: Granted, key: SigningKey) -> TokenPair:
        lifetime = self._ctx.config.access_token_lifetime
        access_token = issue(
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


def _credential_of(session: Session, email: str) -> _Kept | None:
    user = account_known_as(session, email)
    return None if user is None else _credential_by_id(session, user.id)


def _credential_by_id(session: Session, user_id: UUID) -> _Kept | None:
    row = session.get(CredentialRow, user_id)
    return None if row is None else _Kept(row.user_id, row.password_hash)


def _names_of(session: Session, user_id: UUID) -> tuple[str, ...]:
    row = session.get(UserRow, user_id)
    return () if row is None else (row.email, row.name)


def _renew(session: Session, kept: _Kept, replacement: str | None) -> None:
    """Replace the hash that was verified, unless the password was changed meanwhile."""
    row = session.get(CredentialRow, kept.user_id)
    if row is None or row.password_hash != kept.password_hash:
        raise InvalidCredentials("The password was changed a moment ago; sign in again.")
    if replacement is not None:
        row.password_hash = replacement
        row.changed_at = session.now
