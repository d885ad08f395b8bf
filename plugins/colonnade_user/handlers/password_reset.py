"""Forgotten passwords: a link by mail, and a new password by the link."""

from uuid import UUID

from colonnade.errors import NotFound
from colonnade.messages import Empty
from colonnade.operations import Call, handles
from colonnade.services import ServiceContext
from colonnade.store import Session
from colonnade_user.api import (
    ConfirmPasswordReset,
    Purpose,
    RequestPasswordReset,
    ResetUserPassword,
)
from colonnade_user.confirmations.even_time import even_time
from colonnade_user.confirmations.records import (
    Wanted,
    confirmation_of,
    link_over,
    open_confirmation,
)
from colonnade_user.handlers.accounts import account_known_as
from colonnade_user.models import USER, UserRow
from colonnade_user.passwords.credentials import replace_password
from colonnade_user.passwords.hashing import Passwords
from colonnade_user.passwords.rules import academy_names, check_password
from colonnade_user.throttling.counted_attempts import mail_counters
from colonnade_user.throttling.throttle import Throttle, client_network


class PasswordResetHandlers:
    """The operations on forgotten passwords."""

    def __init__(self, ctx: ServiceContext, passwords: Passwords, throttle: Throttle) -> None:
        self._ctx = ctx
        self._passwords = passwords
        self._throttle = throttle

    @handles(RequestPasswordReset)
    async def request_password_reset(self, request: RequestPasswordReset, call: Call) -> Empty:
        """Have a link mailed, if there is such an account; nobody is told whether."""
        network = client_network(call)
        await self._throttle.spend(mail_counters(self._throttle.config, request.email, network))

        def work(session: Session) -> None:
            user = account_known_as(session, request.email)
            if user is not None:
                ask_for_reset(session, user)

        async with even_time(self._ctx.clock):
            await self._ctx.store.run(work)
        return Empty()

    @handles(ResetUserPassword)
    async def reset_user_password(self, request: ResetUserPassword, call: Call) -> Empty:
        """Have a link mailed to somebody; whoever asks never sees it."""

        def work(session: Session) -> None:
            user = session.get(UserRow, request.user_id)
            if user is None:
                raise NotFound("There is no such user, or none that you may see.")
            call.require(session, USER, user)
            ask_for_reset(session, user)

        await self._ctx.store.run(work)
        return Empty()

    @handles(ConfirmPasswordReset)
    async def confirm_password_reset(self, request: ConfirmPasswordReset, call: Call) -> Empty:
        """Set the password, once; every session ends, and so does every other link to it."""
        # Before anything is hashed: a token that was made up costs one look, and no processor.
        names = await self._ctx.store.read(lambda session: _names_of(session, request.token))
        check_password(
            request.password, pointer="/password", names=(*names, *academy_names(self._ctx))
        )
        password_hash = await self._passwords.hash(request.password)

        def work(session: Session) -> UUID:
            row = confirmation_of(session, request.token, Purpose.PASSWORD_RESET)
            user = session.get(UserRow, row.user_id)
            if user is None:
                raise link_over()
            # Whoever has the link reads the address.
            user.email_verified_at = user.email_verified_at or session.now
            replace_password(session, user.id, password_hash)
            return user.id

        self._ctx.invalidate_principal(str(await self._ctx.store.run(work)))
        return Empty()


def _names_of(session: Session, token: str) -> tuple[str, ...]:
    row = confirmation_of(session, token, Purpose.PASSWORD_RESET)
    user = session.get(UserRow, row.user_id)
    return () if user is None else (user.email, user.name)


def ask_for_reset(session: Session, user: UserRow) -> None:
    """Have the link mailed to the address that the account has."""
    open_confirmation(session, Wanted(Purpose.PASSWORD_RESET, user.email, user.id))
