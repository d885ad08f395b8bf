"""One's own address: proven to be read, and changed to another that is."""

from uuid import UUID

from colonnade.errors import FieldError
from colonnade.lookups import flush
from colonnade.messages import Empty
from colonnade.operations import Call, handles
from colonnade.services import ServiceContext
from colonnade.store import Session
from colonnade_user.api import (
    ConfirmEmailChange,
    ConfirmEmailVerification,
    EmailChanged,
    Purpose,
    RequestEmailChange,
    RequestEmailVerification,
    WrongPassword,
)
from colonnade_user.confirmations.even_time import even_time
from colonnade_user.confirmations.records import (
    Wanted,
    close,
    close_of,
    confirmation_of,
    link_over,
    open_confirmation,
)
from colonnade_user.handlers.accounts import account_at, email_taken
from colonnade_user.models import ConfirmationRow, UserRow
from colonnade_user.passwords.credentials import password_hash_of
from colonnade_user.passwords.hashing import Passwords
from colonnade_user.throttling.counted_attempts import mail_counters, password_change_counters
from colonnade_user.throttling.throttle import Throttle, client_network

_NO_ADDRESS = "Only somebody with an account has an address of their own."


class EmailAddressHandlers:
    """The operations on one's own address."""

    def __init__(self, ctx: ServiceContext, passwords: Passwords, throttle: Throttle) -> None:
        self._ctx = ctx
        self._passwords = passwords
        self._throttle = throttle

    @handles(RequestEmailVerification)
    async def request_email_verification(
        self, request: RequestEmailVerification, call: Call
    ) -> Empty:
        """Have the link mailed; nothing happens to an address that is verified."""
        user_id = call.require_person(_NO_ADDRESS)

        def work(session: Session) -> None:
            user = session.get(UserRow, user_id)
            if user is not None and user.email_verified_at is None:
                open_confirmation(session, Wanted(Purpose.EMAIL_VERIFICATION, user.email, user.id))

        await self._ctx.store.run(work)
        return Empty()

    @handles(ConfirmEmailVerification)
    async def confirm_email_verification(
        self, request: ConfirmEmailVerification, call: Call
    ) -> Empty:
        """Note that the address is read."""

        def work(session: Session) -> None:
            row = confirmation_of(session, request.token, Purpose.EMAIL_VERIFICATION)
            _account_of(session, row).email_verified_at = session.now
            assert row.user_id is not None
            close_of(session, row.user_id, Purpose.EMAIL_VERIFICATION)

        await self._ctx.store.run(work)
        return Empty()

    @handles(RequestEmailChange)
    async def request_email_change(self, request: RequestEmailChange, call: Call) -> Empty:
        """Have a link mailed to the new address, by whoever knows the password.

        Raises:
            WrongPassword: the password is not the caller's.
        """
        user_id = call.require_person(_NO_ADDRESS)
        await self._verify_own(user_id, request.password, call)
        network = client_network(call)
        await self._throttle.spend(mail_counters(self._throttle.config, request.email, network))

        def work(session: Session) -> None:
            taken = account_at(session, request.email)
            if taken is None or taken.id == user_id:
                open_confirmation(session, Wanted(Purpose.EMAIL_CHANGE, request.email, user_id))
            else:
                open_confirmation(session, Wanted(Purpose.ADDRESS_TAKEN, taken.email, taken.id))

        async with even_time(self._ctx.clock):
            await self._ctx.store.run(work)
        return Empty()

    async def _verify_own(self, user_id: UUID, password: str, call: Call) -> None:
        kept = await self._ctx.store.read(lambda session: password_hash_of(session, user_id))
        session_id = call.context.principal.session_id
        counters = password_change_counters(self._throttle.config, session_id)
        with self._throttle.attempt(await self._throttle.read(counters)):
            valid, _ = await self._passwords.verify(password, kept)
            if not valid:
                await self._throttle.count(counters)
                wrong = FieldError("/password", "is not your password", "wrong_password")
                raise WrongPassword(fields=[wrong])

    @handles(ConfirmEmailChange)
    async def confirm_email_change(self, request: ConfirmEmailChange, call: Call) -> Empty:
        """Move the account to the new address, and tell the old one."""

        def work(session: Session) -> None:
            row = confirmation_of(session, request.token, Purpose.EMAIL_CHANGE)
            user = _account_of(session, row)
            old, new = user.email, row.email
            user.email, user.email_verified_at = new, session.now
            flush(session, email_taken())
            # What was mailed to the old address must not open the account any more.
            close_of(session, user.id)
            if old != new:
                open_confirmation(session, Wanted(Purpose.EMAIL_CHANGED, old, user.id))
                session.publish(EmailChanged(user_id=user.id))

        await self._ctx.store.run(work)
        return Empty()


def _account_of(session: Session, row: ConfirmationRow) -> UserRow:
    user = session.get(UserRow, row.user_id)
    if user is None:
        close(session, row)
        raise link_over()
    return user
