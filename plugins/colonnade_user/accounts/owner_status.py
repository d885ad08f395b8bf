"""How an academy's owner signs in: with what was declared, made up, or chosen since."""

from datetime import datetime

from colonnade.services import OwnerStanding, ServiceContext
from colonnade.store import Session
from colonnade_user.handlers.accounts import account_known_as
from colonnade_user.models import CredentialRow
from colonnade_user.passwords.hashing import Passwords


async def owner_standing(ctx: ServiceContext, declared: str | None) -> OwnerStanding | None:
    """Hold the declared password, if there is one, against the account of the declared owner;
    None when there is no such account any more."""
    found = await ctx.store.read(lambda session: _credential(session, ctx.tenant().owner_email))
    if found is None:
        return None
    password_hash, made_at, changed_at = found
    if declared is not None and (await Passwords(ctx).verify(declared, password_hash))[0]:
        return OwnerStanding.DECLARED
    if changed_at > made_at:
        return OwnerStanding.CHANGED
    return OwnerStanding.MADE_UP if declared is None else OwnerStanding.DIFFERS


def _credential(session: Session, email: str) -> tuple[str, datetime, datetime] | None:
    user = account_known_as(session, email)
    if user is None:
        return None
    row = session.get_one(CredentialRow, user.id)
    return row.password_hash, user.created_at, row.changed_at
