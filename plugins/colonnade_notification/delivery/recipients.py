"""Recipients of messages, asked of the user service each time: people move and rename."""

from dataclasses import replace
from uuid import UUID

from colonnade.errors import NotFound
from colonnade.services import ServiceContext
from colonnade_notification.api import Recipient
from colonnade_notification.models import NotificationRow, SettingsRow
from colonnade_user.api import GetUser, IssueConfirmation, IssuedConfirmation, User


async def account_of(ctx: ServiceContext, user_id: object) -> User | None:
    """An account as it is now; None when it is gone.

    Raises:
        Unavailable, DeadlineExceeded: the user service does not answer.
    """
    try:
        return await ctx.ask(GetUser.model_validate({"user_id": user_id}))
    except NotFound:
        return None


async def confirmation_of(ctx: ServiceContext, confirmation_id: UUID) -> IssuedConfirmation | None:
    """Address and token of a mail about to go out; None when there is nothing to confirm.

    Raises:
        Unavailable, DeadlineExceeded: the user service does not answer.
    """
    try:
        return await ctx.ask(IssueConfirmation(confirmation_id=confirmation_id))
    except NotFound:
        return None


def recipient_of(ctx: ServiceContext, account: User, settings: SettingsRow | None) -> Recipient:
    """The owner of an account, with the language and time zone they chose, or the academy's."""
    return _recipient(ctx, settings, account.id, account.name, account.email)


def mail_recipient_of(
    ctx: ServiceContext, account: User, settings: SettingsRow | None
) -> Recipient:
    """The recipient of a message that leaves the platform. Without a name until the address is
    confirmed: whoever typed it may have typed another person's, and the name is theirs."""
    recipient = recipient_of(ctx, account, settings)
    return recipient if account.email_verified else replace(recipient, name="")


def confirmation_recipient_of(
    ctx: ServiceContext,
    row: NotificationRow,
    issued: IssuedConfirmation,
    settings: SettingsRow | None,
) -> Recipient:
    """The recipient of a confirmation's link. Without a name: whoever asked for the mail may be
    another person, and no text of theirs goes into it."""
    return _recipient(ctx, settings, row.user_id, "", issued.email)


def _recipient(
    ctx: ServiceContext, settings: SettingsRow | None, user_id: UUID, name: str, email: str | None
) -> Recipient:
    tenant = ctx.tenant()
    return Recipient(
        user_id=user_id,
        name=name,
        email=email,
        locale=(settings and settings.locale) or tenant.locale,
        timezone=(settings and settings.timezone) or tenant.timezone,
    )
