"""Operations on one's own e-mail address: verification and change."""

from colonnade.lookups import flush
from colonnade.messages import Empty
from colonnade.operations import Call, handles
from colonnade.services import ServiceContext
from colonnade.store import Session
from colonnade_user.accounts.records import account_by_email, email_taken
from colonnade_user.api import (
    ConfirmEmailChange,
    ConfirmEmailVerification,
    EmailChanged,
    Purpose,
    RequestEmailChange,
    RequestEmailVerification,
)
from colonnade_user.confirmations.records import (
    NewConfirmation,
    confirmation_of,
    delete_confirmations,
    delete_confirmations_of,
    link_over,
    request_confirmation,
)
from colonnade_user.confirmations.response_timing import padded_response
from colonnade_user.models import ConfirmationRow, UserRow
from colonnade_user.passwords.verification import CurrentPassword
from colonnade_user.throttling.attempt_counters import mail_counters
from colonnade_user.throttling.throttle import Throttle, client_network

_NO_ADDRESS = "Only somebody with an account has an address of their own."


class EmailAddressHandlers:
    """Handlers of the operations on one's own address."""

    def __init__(
        self, ctx: ServiceContext, current_password: CurrentPassword, throttle: Throttle
    ) -> None:
        self._ctx = ctx
        self._current_password = current_password
        self._throttle = throttle

    @handles(RequestEmailVerification)
    async def request_email_verification(
        self, request: RequestEmailVerification, call: Call
    ) -> Empty:
        """Request the mail; a verified address gets none."""
        user_id = call.require_person(_NO_ADDRESS)

        def work(session: Session) -> None:
            user = session.get(UserRow, user_id)
            if user is not None and user.email_verified_at is None:
                request_confirmation(
                    session, NewConfirmation(Purpose.EMAIL_VERIFICATION, user.email, user.id)
                )

        await self._ctx.store.run(work)
        return Empty()

    @handles(ConfirmEmailVerification)
    async def confirm_email_verification(
        self, request: ConfirmEmailVerification, call: Call
    ) -> Empty:
        """Mark the address as verified."""

        def work(session: Session) -> None:
            row = confirmation_of(session, request.token, Purpose.EMAIL_VERIFICATION)
            _account_of(session, row).email_verified_at = session.now
            assert row.user_id is not None
            delete_confirmations_of(session, row.user_id, Purpose.EMAIL_VERIFICATION)

        await self._ctx.store.run(work)
        return Empty()

    @handles(RequestEmailChange)
    async def request_email_change(self, request: RequestEmailChange, call: Call) -> Empty:
        """Request a mail to the new address; the current password has to be known.

        Raises:
            WrongPassword: the password is not the caller's.
        """
        user_id = call.require_person(_NO_ADDRESS)
        await self._current_password.verify(call, user_id, request.password, "/password")
        network = client_network(call)
        await self._throttle.spend(mail_counters(self._throttle.config, request.email, network))

        def work(session: Session) -> None:
            taken = account_by_email(session, request.email)
            if taken is None or taken.id == user_id:
                request_confirmation(
                    session, NewConfirmation(Purpose.EMAIL_CHANGE, request.email, user_id)
                )
            else:
                request_confirmation(
                    session, NewConfirmation(Purpose.ADDRESS_TAKEN, taken.email, taken.id)
                )

        async with padded_response(self._ctx.clock):
            await self._ctx.store.run(work)
        return Empty()

    @handles(ConfirmEmailChange)
    async def confirm_email_change(self, request: ConfirmEmailChange, call: Call) -> Empty:
        """Move the account to the new address, and notify the old one."""

        def work(session: Session) -> None:
            row = confirmation_of(session, request.token, Purpose.EMAIL_CHANGE)
            user = _account_of(session, row)
            old, new = user.email, row.email
            user.readdress(new)
            user.email_verified_at = session.now
            flush(session, email_taken())
            # Links that were mailed to the old address must not open the account any more.
            delete_confirmations_of(session, user.id)
            if old != new:
                request_confirmation(session, NewConfirmation(Purpose.EMAIL_CHANGED, old, user.id))
                session.publish(EmailChanged(user_id=user.id))

        await self._ctx.store.run(work)
        return Empty()


def _account_of(session: Session, row: ConfirmationRow) -> UserRow:
    user = session.get(UserRow, row.user_id)
    if user is None:
        delete_confirmations(session, row)
        raise link_over()
    return user
