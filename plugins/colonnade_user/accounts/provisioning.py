"""Provisioning of a new tenant: its signing key and its owner's account."""

from colonnade.errors import ConfigurationError, ValidationFailed
from colonnade.events import Work
from colonnade.services import ServiceContext
from colonnade.store import Session
from colonnade_user.accounts.records import NewAccount, add_account
from colonnade_user.api import Role, normalise_email
from colonnade_user.passwords.hashing import PasswordHasher
from colonnade_user.passwords.rules import academy_names, check_password
from colonnade_user.tokens.signing_keys import add_first_key

PASSWORD_LENGTH = range(8, 129)


async def provision(ctx: ServiceContext) -> Work:
    """Prepare the tenant in context. The owner's account is created once and never reset.

    Raises:
        ConfigurationError: the declared address or password of the owner cannot be used.
    """
    owner = await _declared_owner(ctx)

    def work(session: Session) -> None:
        add_first_key(session)
        if owner is not None:
            add_account(session, owner)

    return work


async def _declared_owner(ctx: ServiceContext) -> NewAccount | None:
    tenant = ctx.tenant()
    if not tenant.owner_email:
        return None
    try:
        email = normalise_email(tenant.owner_email)
    except ValueError as error:
        raise ConfigurationError(f"tenants/{tenant.id}.yaml: owner.email {error}") from None
    password = await ctx.owner_password()
    if len(password) not in PASSWORD_LENGTH:
        raise ConfigurationError(
            f"tenants/{tenant.id}.yaml: owner.password must have 8 to 128 characters."
        )
    try:
        names = (email, *academy_names(ctx))
        check_password(password, pointer="owner.password", names=names)
    except ValidationFailed as error:
        why = error.fields[0].message
        raise ConfigurationError(f"tenants/{tenant.id}.yaml: owner.password {why}.") from None
    return NewAccount(
        email=email,
        name=f"Owner of {tenant.name}"[:200],
        password_hash=await PasswordHasher(ctx).hash(password),
        role=Role.OWNER,
        # Whoever declares the academy answers for it.
        email_verified=True,
    )
