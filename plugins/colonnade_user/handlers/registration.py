"""Operations that open accounts: at once, or when the address is confirmed by mail."""

from colonnade.context import PrincipalKind
from colonnade.operations import Call, handles
from colonnade.store import Session
from colonnade_user.accounts.records import NewAccount, account_by_email, add_account
from colonnade_user.api import (
    ConfirmationRequired,
    ConfirmRegistration,
    Purpose,
    Register,
    RegisterUser,
    Registration,
    RegistrationClosed,
    Role,
    User,
)
from colonnade_user.config import UserContext
from colonnade_user.confirmations.records import (
    NewConfirmation,
    confirmation_of,
    delete_confirmations,
    link_over,
    request_confirmation,
)
from colonnade_user.confirmations.response_timing import padded_response
from colonnade_user.passwords.hashing import PasswordHasher
from colonnade_user.passwords.rules import academy_names, check_password
from colonnade_user.presentation import present_user
from colonnade_user.resources import USER
from colonnade_user.throttling.attempt_counters import registration_counters
from colonnade_user.throttling.throttle import Throttle, client_network


class RegistrationHandlers:
    """Handlers of the operations that open accounts."""

    def __init__(self, ctx: UserContext, hasher: PasswordHasher, throttle: Throttle) -> None:
        self._ctx = ctx
        self._hasher = hasher
        self._throttle = throttle

    @handles(Register)
    async def register(self, request: Register, call: Call) -> Registration:
        """Open an account, or request the mail whose link opens it."""
        await self._check(request, call)
        if self._opens_at_once(call):
            return Registration(user=await self._open(request, call))
        call.permit_without_object("nothing is made before the address is confirmed")
        async with padded_response(self._ctx.clock):
            password_hash = await self._hasher.hash(request.password)
            await self._ctx.store.run(
                lambda session: _ask_to_confirm(session, request, password_hash)
            )
        return Registration()

    @handles(RegisterUser)
    async def register_user(self, request: RegisterUser, call: Call) -> User:
        """Open an account at once.

        Raises:
            ConfirmationRequired: a visitor asks, where addresses are confirmed first.
        """
        await self._check(request, call)
        if not self._opens_at_once(call):
            raise ConfirmationRequired(
                "Accounts are opened here when the address is confirmed; ask to register."
            )
        return await self._open(request, call)

    @handles(ConfirmRegistration)
    async def confirm_registration(self, request: ConfirmRegistration, call: Call) -> User:
        """Open the account that was asked for."""

        def work(session: Session) -> User:
            row = confirmation_of(session, request.token, Purpose.REGISTRATION)
            if row.name is None or row.password_hash is None:
                raise link_over()
            new = NewAccount(row.email, row.name, row.password_hash, email_verified=True)
            delete_confirmations(session, row)
            return present_user(add_account(session, new))

        self._check_open(call)
        return await self._ctx.store.run(work)

    async def _open(self, request: Register | RegisterUser, call: Call) -> User:
        new = NewAccount(request.email, request.name, await self._hasher.hash(request.password))

        def work(session: Session) -> User:
            user = add_account(session, new)
            call.require(session, USER, user)
            return present_user(user)

        return await self._ctx.store.run(work)

    async def _check(self, request: Register | RegisterUser, call: Call) -> None:
        self._check_open(call)
        names = (request.email, request.name, *academy_names(self._ctx))
        check_password(request.password, pointer="/password", names=names)
        if not _is_administrator(call):
            network, config = client_network(call), self._throttle.config
            await self._throttle.spend(registration_counters(config, network))

    def _check_open(self, call: Call) -> None:
        if self._ctx.tenant_config().registration == "closed" and not _is_administrator(call):
            raise RegistrationClosed("This academy adds people itself; ask its admins.")

    def _opens_at_once(self, call: Call) -> bool:
        return not confirms_registrations(self._ctx) or _is_administrator(call)


def confirms_registrations(ctx: UserContext) -> bool:
    """True where a visitor's account is opened by a link in a mail."""
    declared = ctx.config.registration.confirm
    return ctx.production if declared is None else declared


def _is_administrator(call: Call) -> bool:
    """True for services, owners and admins: they see every account anyway."""
    principal = call.context.principal
    by_service = principal.kind is PrincipalKind.SERVICE
    return by_service or bool({Role.OWNER, Role.ADMIN}.intersection(principal.roles))


def _ask_to_confirm(session: Session, request: Register, password_hash: str) -> None:
    known = account_by_email(session, request.email)
    if known is not None:
        request_confirmation(session, NewConfirmation(Purpose.ADDRESS_TAKEN, known.email, known.id))
        return
    wanted = NewConfirmation(
        Purpose.REGISTRATION, request.email, name=request.name, password_hash=password_hash
    )
    request_confirmation(session, wanted)
