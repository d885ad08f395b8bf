"""Operations on invitations."""

from uuid import UUID

from sqlalchemy import and_, or_, select
from sqlalchemy.sql import ColumnElement

from colonnade.idempotency import once_if_keyed
from colonnade.lookups import changeable, permitted
from colonnade.messages import Empty
from colonnade.operations import Call, handles
from colonnade.pagination import Page, SortKey, paginate
from colonnade.services import ServiceContext
from colonnade.store import Session
from colonnade_user.accounts.records import (
    NewAccount,
    account_by_email,
    add_account,
    email_taken,
)
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
    NewConfirmation,
    confirmation_of,
    delete_confirmations,
    link_over,
    request_confirmation,
)
from colonnade_user.invitations.courses import await_courses, check_courses
from colonnade_user.invitations.records import pending_invitation, revoke
from colonnade_user.models import InvitationRow
from colonnade_user.passwords.hashing import PasswordHasher
from colonnade_user.passwords.rules import academy_names, check_password
from colonnade_user.presentation import present_invitation, present_user
from colonnade_user.resources import INVITATION

NEWEST_FIRST = [SortKey(InvitationRow.created_at, descending=True), SortKey(InvitationRow.id)]


class InvitationHandlers:
    """Handlers of the operations on invitations."""

    def __init__(self, ctx: ServiceContext, hasher: PasswordHasher) -> None:
        self._ctx = ctx
        self._hasher = hasher

    @handles(CreateInvitation)
    async def create_invitation(self, request: CreateInvitation, call: Call) -> Invitation:
        """Offer an account, of a role that the policy lets the caller offer."""
        invited_by, inviter = call.person_id, call.context.principal
        await await_courses(self._ctx, request.courses, inviter)

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
            check_courses(session, request.courses, inviter)
            _check_free(session, request.email)
            session.add(row)
            session.flush()
            request_confirmation(session, NewConfirmation(Purpose.INVITATION, row.email, id=row.id))
            return present_invitation(row, session.now)

        def without_address(session: Session) -> Invitation:
            # What is kept with a key outlasts the account; the address is in the request.
            return work(session).model_copy(update={"email": ""})

        kept = await self._ctx.store.run(once_if_keyed(call, request, without_address))
        return kept.model_copy(update={"email": request.email})

    @handles(ListInvitations)
    async def list_invitations(self, request: ListInvitations, call: Call) -> Page[Invitation]:
        """List the invitations the caller may see."""

        def work(session: Session) -> Page[Invitation]:
            query = select(InvitationRow).where(call.visible(INVITATION))
            if request.status is not None:
                query = query.where(_has_status(session, request.status))
            return paginate(
                session,
                query,
                NEWEST_FIRST,
                request,
                lambda row: present_invitation(row, session.now),
            )

        return await self._ctx.store.read(work)

    @handles(GetInvitation)
    async def get_invitation(self, request: GetInvitation, call: Call) -> Invitation:
        """Return one invitation."""

        def work(session: Session) -> Invitation:
            row = permitted(session, call, INVITATION, InvitationRow, request.invitation_id)
            return present_invitation(row, session.now)

        return await self._ctx.store.read(work)

    @handles(RevokeInvitation)
    async def revoke_invitation(self, request: RevokeInvitation, call: Call) -> Empty:
        """Revoke a pending invitation; any other stays as it is."""

        def work(session: Session) -> None:
            row = changeable(session, call, INVITATION, InvitationRow, request.invitation_id)
            revoke(session, row)
            session.flush()

        await self._ctx.store.run(work)
        return Empty()

    @handles(AcceptInvitation)
    async def accept_invitation(self, request: AcceptInvitation, call: Call) -> User:
        """Open the account; the course service enrols it on `InvitationAccepted`."""
        email = await self._ctx.store.read(
            lambda session: confirmation_of(session, request.token, Purpose.INVITATION).email
        )
        names = (email, request.name, *academy_names(self._ctx))
        check_password(request.password, pointer="/password", names=names)
        password_hash = await self._hasher.hash(request.password)

        def work(session: Session) -> User:
            confirmation = confirmation_of(session, request.token, Purpose.INVITATION)
            row = session.get(InvitationRow, confirmation.id)
            if row is None or row.status != InvitationStatus.PENDING:
                raise link_over()
            delete_confirmations(session, confirmation)
            new = NewAccount(
                row.email, request.name, password_hash, Role(row.role), email_verified=True
            )
            user = add_account(session, new)
            _mark_accepted(session, row, user.id)
            return present_user(user)

        return await self._ctx.store.run(work)


def _mark_accepted(session: Session, row: InvitationRow, user_id: UUID) -> None:
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
    if account_by_email(session, email) is not None:
        raise email_taken()
    pending = pending_invitation(session, fold_email(email))
    if pending is not None:
        raise InvitationPending(
            "Somebody has invited this address already; revoke that invitation to send another.",
            details={"invitation_id": str(pending.id)},
        )


def _has_status(session: Session, status: InvitationStatus) -> ColumnElement[bool]:
    """Condition for a status; overdue invitations are expired, also before pruning marks them."""
    pending = InvitationRow.status == InvitationStatus.PENDING
    if status is InvitationStatus.PENDING:
        return and_(pending, InvitationRow.expires_at > session.now)
    if status is InvitationStatus.EXPIRED:
        overdue = and_(pending, InvitationRow.expires_at <= session.now)
        return or_(InvitationRow.status == status, overdue)
    return InvitationRow.status == status
