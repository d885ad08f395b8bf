"""Who a message is for: asked of the user service each time, since people move and rename."""

from colonnade.errors import NotFound
from colonnade.services import ServiceContext
from colonnade.store import Session
from colonnade_notification.api import Recipient
from colonnade_notification.models import SettingsRow
from colonnade_user.api import GetUser, User


async def account_of(ctx: ServiceContext, user_id: object) -> User | None:
    """An account as it is now; nothing when it is gone.

    Raises:
        Unavailable, DeadlineExceeded: the user service does not answer.
    """
    try:
        return await ctx.ask(GetUser.model_validate({"user_id": user_id}))
    except NotFound:
        return None


def recipient_of(ctx: ServiceContext, account: User, settings: SettingsRow | None) -> Recipient:
    """Somebody with the language and time zone they chose, or the academy's."""
    tenant = ctx.tenant()
    return Recipient(
        user_id=account.id,
        name=account.name,
        email=account.email,
        locale=(settings and settings.locale) or tenant.locale,
        timezone=(settings and settings.timezone) or tenant.timezone,
    )


def settings_of(session: Session, user_id: object) -> SettingsRow | None:
    """What somebody chose, if they ever chose."""
    return session.get(SettingsRow, user_id)
