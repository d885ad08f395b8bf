"""What the operations on invitations do."""

from uuid import UUID

from sqlalchemy import and_, or_, select
from sqlalchemy.sql import ColumnElement

from colonnade.lookups import changeable, permitted
from colonnade.messages import Empty
from colonnade.operations import Call, handles
from colonnade.pagination import Page, SortKey, paginate
from colonnade.services import ServiceContext
from colonnade.store import Session
from colonnade_user.api import (
    AcceptInvitation,
    CreateInvitation,
    GetInvitation,
    Invitation,
    InvitationAccepted,
    InvitationPending,
    InvitationStatus,
    ListInvitations,
    Purpose,
    RevokeInvitation,
    Role,
    User,
    fold_email,
)
from colonnade_user.confirmations.records import (
    TOKEN_LIFETIMES,
    Wanted,
    close,
    confirmation_of,
    link_over,
    open_confirmation,
)
from colonnade_user.handlers.accounts import (
    NewAccount,
    account_at,
    add_account,
    email_taken,
    present,
)
from colonnade_user.invitations.courses import check_courses, hear_of
from colonnade_user.invitations.records import pending_to, presented, revoke
from colonnade_user.models import INVITATION, InvitationRow
from colonnade_user.passwords.hashing import Passwords
from colonnade_user.passwords.rules import academy_names, check_password

NEWEST_FIRST = [SortKey(InvitationRow.created_at, descending=True), SortKey(InvitationRow.id)]


class InvitationHandlers:
    """The operations on invitations."""

    def __init__(self, ctx: ServiceContext, passwords: Passwords) -> None:
        self._ctx = ctx
        self._passwords = passwords

    @handles(CreateInvitation)
    async def create_invitation(self, request: CreateInvitation, call: Call) -> Invitation:
        """Offer an account, of a role that the policy lets the caller offer."""
        invited_by, giver = call.person_id, call.context.principal
        await hear_of(self._ctx, request.courses, giver)

        def work(session: Session) -> Invitation:
            row = InvitationRow(
                id=self._ctx.new_id(),
                email=request.email,
                folded_email=fold_email(request.email),
                role=request.role,
                courses=[str(course) for course in dict.fromkeys(request.courses)],
                status=InvitationStatus.PENDING,
                invited_by=invited_by,
                expires_at=session.now + TOKEN_LIFETIMES[Purpose.INVITATION],
            )
            call.require(session, INVITATION, row)
            check_courses(session, request.courses, giver)
            _check_free(session, request.email)
            session.add(row)
            session.flush()
            open_confirmation(session, Wanted(Purpose.INVITATION, row.email, id=row.id))
            return presented(session, row)

        return await self._ctx.store.run(work)

    @handles(ListInvitations)
    async def list_invitations(self, request: ListInvitations, call: Call) -> Page[Invitation]:
        """The invitations the caller may see."""

        def work(session: Session) -> Page[Invitation]:
            query = select(InvitationRow).where(call.visible(INVITATION))
            if request.status is not None:
                query = query.where(_stands(session, request.status))
            return paginate(
                session, query, NEWEST_FIRST, request, lambda row: presented(session, row)
            )

        return await self._ctx.store.read(work)

    @handles(GetInvitation)
    async def get_invitation(self, request: GetInvitation, call: Call) -> Invitation:
        """One invitation."""

        def work(session: Session) -> Invitation:
            return presented(
                session, permitted(session, call, INVITATION, InvitationRow, request.invitation_id)
            )

        return await self._ctx.store.read(work)

    @handles(RevokeInvitation)
    async def revoke_invitation(self, request: RevokeInvitation, call: Call) -> Empty:
        """Take it back; again, or after it was accepted, changes nothing."""

        def work(session: Session) -> None:
            row = changeable(session, call, INVITATION, InvitationRow, request.invitation_id)
            revoke(session, row)
            session.flush()

        await self._ctx.store.run(work)
        return Empty()

    @handles(AcceptInvitation)
    async def accept_invitation(self, request: AcceptInvitation, call: Call) -> User:
        """Open the account; courses hear of it and enrol."""
        email = await self._ctx.store.read(
            lambda session: confirmation_of(session, request.token, Purpose.INVITATION).email
        )
        names = (email, request.name, *academy_names(self._ctx))
        check_password(request.password, pointer="/password", names=names)
        password_hash = await self._passwords.hash(request.password)

        def work(session: Session) -> User:
            confirmation = confirmation_of(session, request.token, Purpose.INVITATION)
            row = session.get(InvitationRow, confirmation.id)
            if row is None or row.status != InvitationStatus.PENDING:
                raise link_over()
            close(session, confirmation)
            new = NewAccount(
                row.email, request.name, password_hash, Role(row.role), email_verified=True
            )
            user = add_account(session, new)
            _accepted(session, row, user.id)
            return present(user)

        return await self._ctx.store.run(work)


def _accepted(session: Session, row: InvitationRow, user_id: UUID) -> None:
    row.status, row.user_id = InvitationStatus.ACCEPTED, user_id
    session.publish(
        InvitationAccepted(
            invitation_id=row.id,
            user_id=user_id,
            role=Role(row.role),
            courses=[UUID(course) for course in row.courses],
        )
    )


def _check_free(session: Session, email: str) -> None:
    if account_at(session, email) is not None:
        raise email_taken()
    pending = pending_to(session, fold_email(email))
    if pending is not None:
        raise InvitationPending(
            "Somebody has invited this address already; revoke that invitation to send another.",
            details={"invitation_id": str(pending.id)},
        )


def _stands(session: Session, status: InvitationStatus) -> ColumnElement[bool]:
    """What is overdue counts as expired, whether or not that was noted yet."""
    pending = InvitationRow.status == InvitationStatus.PENDING
    if status is InvitationStatus.PENDING:
        return and_(pending, InvitationRow.expires_at > session.now)
    if status is InvitationStatus.EXPIRED:
        overdue = and_(pending, InvitationRow.expires_at <= session.now)
        return or_(InvitationRow.status == status, overdue)
    return InvitationRow.status == status
