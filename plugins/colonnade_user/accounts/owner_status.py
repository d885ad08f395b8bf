"""Status of the owner's password: declared, made up, or changed since."""

from datetime import datetime

from colonnade.services import OwnerStanding, ServiceContext
from colonnade.store import Session
from colonnade_user.accounts.records import account_for_sign_in
from colonnade_user.models import CredentialRow
from colonnade_user.passwords.hashing import PasswordHasher


async def owner_standing(ctx: ServiceContext, declared: str | None) -> OwnerStanding | None:
    """Compare the declared password, if there is one, with the account of the declared owner.

    None when that account does not exist any more.
    """
    found = await ctx.store.read(lambda session: _credential(session, ctx.tenant().owner_email))
    if found is None:
        return None
    password_hash, made_at, changed_at = found
    if declared is not None and (await PasswordHasher(ctx).verify(declared, password_hash))[0]:
        return OwnerStanding.DECLARED
    if changed_at > made_at:
        return OwnerStanding.CHANGED
    return OwnerStanding.MADE_UP if declared is None else OwnerStanding.DIFFERS


def _credential(session: Session, email: str) -> tuple[str, datetime, datetime] | None:
    user = account_for_sign_in(session, email)
    if user is None:
        return None
    row = session.get_one(CredentialRow, user.id)
    return row.password_hash, user.created_at, row.changed_at
