"""Who a message is for: asked of the user service each time, since people move and rename."""

from dataclasses import replace
from uuid import UUID

from colonnade.errors import NotFound
from colonnade.services import ServiceContext
from colonnade.store import Session
from colonnade_notification.api import Recipient
from colonnade_notification.models import NotificationRow, SettingsRow
from colonnade_user.api import GetUser, IssueConfirmation, IssuedConfirmation, User


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


def recipient_by_mail(
    ctx: ServiceContext, account: User, settings: SettingsRow | None
) -> Recipient:
    """Somebody whom a message leaves the platform for. Without a name while nobody has confirmed
    the address: whoever typed it may have typed somebody else's, and the name is theirs."""
    recipient = recipient_of(ctx, account, settings)
    return recipient if account.email_verified else replace(recipient, name="")


async def confirmation_of(ctx: ServiceContext, confirmation_id: UUID) -> IssuedConfirmation | None:
    """Address and token of a mail about to go out; nothing when there is nothing to confirm.

    Raises:
        Unavailable, DeadlineExceeded: the user service does not answer.
    """
    try:
        return await ctx.ask(IssueConfirmation(confirmation_id=confirmation_id))
    except NotFound:
        return None


def reader_of(
    ctx: ServiceContext,
    row: NotificationRow,
    issued: IssuedConfirmation,
    settings: SettingsRow | None,
) -> Recipient:
    """Whoever reads the address of a confirmation. Without a name: whoever asked for the mail may
    be somebody else, and no text of theirs goes into it."""
    tenant = ctx.tenant()
    return Recipient(
        user_id=row.user_id,
        name="",
        email=issued.email,
        locale=(settings and settings.locale) or tenant.locale,
        timezone=(settings and settings.timezone) or tenant.timezone,
    )


def settings_of(session: Session, user_id: object) -> SettingsRow | None:
    """What somebody chose, if they ever chose."""
    return session.get(SettingsRow, user_id)
