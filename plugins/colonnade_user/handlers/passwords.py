"""Operations on the caller's own password."""

from uuid import UUID

from colonnade.messages import Empty
from colonnade.operations import Call, handles
from colonnade.services import ServiceContext
from colonnade.store import Session
from colonnade_user.accounts.records import names_of
from colonnade_user.api import ChangePassword
from colonnade_user.passwords.credentials import password_changed, replace_hash
from colonnade_user.passwords.hashing import PasswordHasher
from colonnade_user.passwords.rules import academy_names, check_password
from colonnade_user.passwords.verification import CurrentPassword
from colonnade_user.sessions.current import current_session

_NO_ACCOUNT = "Only somebody with an account has a password to change."


class PasswordHandlers:
    """Handlers of the operations on one's own password."""

    def __init__(
        self, ctx: ServiceContext, hasher: PasswordHasher, current_password: CurrentPassword
    ) -> None:
        self._ctx = ctx
        self._hasher = hasher
        self._current_password = current_password

    @handles(ChangePassword)
    async def change_password(self, request: ChangePassword, call: Call) -> Empty:
        """Replace the caller's password; the current one has to be known."""
        user_id = call.require_person(_NO_ACCOUNT)
        await self._check(request, user_id)
        verified = await self._current_password.verify(
            call, user_id, request.current_password, "/current_password"
        )
        replacement = await self._hasher.hash(request.new_password)

        def work(session: Session) -> None:
            replace_hash(session, verified, replacement)
            password_changed(session, user_id, keep=current_session(call))

        await self._ctx.store.run(work)
        self._ctx.invalidate_principal(str(user_id))
        await self._ctx.published()
        return Empty()

    async def _check(self, request: ChangePassword, user_id: UUID) -> None:
        own = await self._ctx.store.read(lambda session: names_of(session, user_id))
        names = (*own, *academy_names(self._ctx))
        check_password(request.new_password, pointer="/new_password", names=names)
