"""Operation that replaces an owner's password, for the operator of the platform."""

from colonnade.errors import FieldError, NotFound, ValidationFailed
from colonnade.operations import Call, handles
from colonnade.services import ServiceContext
from colonnade.store import Session
from colonnade_user.accounts.records import account_for_sign_in
from colonnade_user.api import Role, SetOwnerPassword, User, normalise_email
from colonnade_user.passwords.credentials import reset_password
from colonnade_user.passwords.hashing import PasswordHasher
from colonnade_user.passwords.rules import academy_names, check_password
from colonnade_user.presentation import present_user


class OwnerPasswordHandlers:
    """Handler of the operation on owners' passwords."""

    def __init__(self, ctx: ServiceContext, hasher: PasswordHasher) -> None:
        self._ctx = ctx
        self._hasher = hasher

    @handles(SetOwnerPassword)
    async def set_owner_password(self, request: SetOwnerPassword, call: Call) -> User:
        """Set the password, end every session, and notify the owner by mail.

        Raises:
            NotFound: no account has that address.
            ValidationFailed: the account is not an owner's.
        """
        email = request.email or normalise_email(self._ctx.tenant().owner_email)
        check_password(
            request.password, pointer="/password", names=(email, *academy_names(self._ctx))
        )
        password_hash = await self._hasher.hash(request.password)

        def work(session: Session) -> User:
            user = account_for_sign_in(session, email)
            if user is None:
                raise NotFound(
                    f"No account of '{call.tenant}' has the address {email}; name the owner's "
                    "with --email."
                )
            if user.role != Role.OWNER:
                raise ValidationFailed(
                    f"{email} is not an owner of '{call.tenant}' but {user.role}.",
                    fields=[FieldError("/email", "is not an owner's", "not_an_owner")],
                )
            reset_password(session, user.id, password_hash)
            return present_user(user)

        changed = await self._ctx.store.run(work)
        self._ctx.invalidate_principal(str(changed.id))
        return changed
