"""Operations on forgotten passwords: a mailed link, and a new password by that link."""

from uuid import UUID

from colonnade.errors import NotFound
from colonnade.messages import Empty
from colonnade.operations import Call, handles
from colonnade.services import ServiceContext
from colonnade.store import Session
from colonnade_user.accounts.records import account_for_sign_in, names_of
from colonnade_user.api import (
    ConfirmPasswordReset,
    Purpose,
    RequestPasswordReset,
    ResetUserPassword,
)
from colonnade_user.confirmations.records import (
    NewConfirmation,
    confirmation_of,
    link_over,
    request_confirmation,
)
from colonnade_user.confirmations.response_timing import padded_response
from colonnade_user.models import UserRow
from colonnade_user.passwords.credentials import reset_password
from colonnade_user.passwords.hashing import PasswordHasher
from colonnade_user.passwords.rules import academy_names, check_password
from colonnade_user.resources import USER
from colonnade_user.throttling.attempt_counters import mail_counters
from colonnade_user.throttling.throttle import Throttle, client_network


class PasswordResetHandlers:
    """Handlers of the operations on forgotten passwords."""

    def __init__(self, ctx: ServiceContext, hasher: PasswordHasher, throttle: Throttle) -> None:
        self._ctx = ctx
        self._hasher = hasher
        self._throttle = throttle

    @handles(RequestPasswordReset)
    async def request_password_reset(self, request: RequestPasswordReset, call: Call) -> Empty:
        """Request the mail, if the account exists; the answer does not tell."""
        network = client_network(call)
        await self._throttle.spend(mail_counters(self._throttle.config, request.email, network))

        def work(session: Session) -> None:
            user = account_for_sign_in(session, request.email)
            if user is not None:
                request_reset(session, user)

        async with padded_response(self._ctx.clock):
            await self._ctx.store.run(work)
        return Empty()

    @handles(ResetUserPassword)
    async def reset_user_password(self, request: ResetUserPassword, call: Call) -> Empty:
        """Mail a link to another user; the caller never sees it."""

        def work(session: Session) -> None:
            user = session.get(UserRow, request.user_id)
            if user is None:
                raise NotFound("There is no such user, or none that you may see.")
            call.require(session, USER, user)
            request_reset(session, user)

        await self._ctx.store.run(work)
        return Empty()

    @handles(ConfirmPasswordReset)
    async def confirm_password_reset(self, request: ConfirmPasswordReset, call: Call) -> Empty:
        """Set the password once; every session ends, and every other reset link stops working."""
        # Checked before anything is hashed: a made-up token costs one read and no processor time.
        names = await self._ctx.store.read(lambda session: _names_of(session, request.token))
        check_password(
            request.password, pointer="/password", names=(*names, *academy_names(self._ctx))
        )
        password_hash = await self._hasher.hash(request.password)

        def work(session: Session) -> UUID:
            row = confirmation_of(session, request.token, Purpose.PASSWORD_RESET)
            user = session.get(UserRow, row.user_id)
            if user is None:
                raise link_over()
            # The link proves that its holder reads the address.
            user.email_verified_at = user.email_verified_at or session.now
            reset_password(session, user.id, password_hash)
            return user.id

        self._ctx.invalidate_principal(str(await self._ctx.store.run(work)))
        return Empty()


def _names_of(session: Session, token: str) -> tuple[str, ...]:
    return names_of(session, confirmation_of(session, token, Purpose.PASSWORD_RESET).user_id)


def request_reset(session: Session, user: UserRow) -> None:
    """Request the mail to the address of the account."""
    request_confirmation(session, NewConfirmation(Purpose.PASSWORD_RESET, user.email, user.id))
