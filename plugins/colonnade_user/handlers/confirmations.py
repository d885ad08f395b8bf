"""Operations that all confirmations have in common: issuing and describing tokens."""

from colonnade.errors import NotFound
from colonnade.operations import Call, handles
from colonnade.services import ServiceContext
from colonnade.store import Session
from colonnade_user.api import (
    ConfirmationState,
    DescribeConfirmation,
    IssueConfirmation,
    IssuedConfirmation,
    Purpose,
    Role,
)
from colonnade_user.confirmations.records import confirmation_of, expiry_of, issue_token
from colonnade_user.models import ConfirmationRow, InvitationRow


class ConfirmationHandlers:
    """Handlers of the operations on confirmations."""

    def __init__(self, ctx: ServiceContext) -> None:
        self._ctx = ctx

    @handles(IssueConfirmation)
    async def issue_confirmation(
        self, request: IssueConfirmation, call: Call
    ) -> IssuedConfirmation:
        """Issue the token of a mail.

        Raises:
            NotFound: the confirmation is gone or expired; no mail is to be sent.
        """

        def work(session: Session) -> IssuedConfirmation:
            row = session.get(ConfirmationRow, request.confirmation_id)
            if row is None or row.expires_at <= session.now:
                raise NotFound("There is nothing to confirm any more.")
            purpose = Purpose(row.purpose)
            token = issue_token(session, row) if purpose.has_token else None
            invitation = _invitation_of(session, row)
            if invitation is not None and token is not None:
                invitation.expires_at = token.expires_at
            return IssuedConfirmation(
                purpose=purpose,
                email=row.email,
                user_id=row.user_id,
                token=None if token is None else token.text,
                role=None if invitation is None else Role(invitation.role),
                expires_at=None if token is None else token.expires_at,
            )

        return await self._ctx.store.run(work)

    @handles(DescribeConfirmation)
    async def describe_confirmation(
        self, request: DescribeConfirmation, call: Call
    ) -> ConfirmationState:
        """Describe the link to its holder."""

        def work(session: Session) -> ConfirmationState:
            row = confirmation_of(session, request.token)
            invitation = _invitation_of(session, row)
            return ConfirmationState(
                purpose=Purpose(row.purpose),
                email=row.email,
                academy=tenant.name,
                locale=tenant.locale,
                role=None if invitation is None else Role(invitation.role),
                expires_at=expiry_of(session, request.token),
                timezone=tenant.timezone,
            )

        tenant = self._ctx.tenant()
        return await self._ctx.store.read(work)


def _invitation_of(session: Session, row: ConfirmationRow) -> InvitationRow | None:
    if row.purpose != Purpose.INVITATION:
        return None
    return session.get(InvitationRow, row.id)
