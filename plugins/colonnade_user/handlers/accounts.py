"""Operations on accounts: listing, roles, suspension and deletion."""

from uuid import UUID

from sqlalchemy import Select, or_, select

from colonnade.errors import NotFound
from colonnade.identifiers import listed_ids
from colonnade.messages import Empty
from colonnade.operations import Call, handles
from colonnade.pagination import Page, SortKey, paginate
from colonnade.services import ServiceContext
from colonnade.store import Session
from colonnade.text import folded
from colonnade_user.accounts.ownership import protect_owner
from colonnade_user.api import (
    DeleteUser,
    GetCurrentUser,
    GetUser,
    ListUsers,
    Role,
    SessionEnd,
    UpdateUser,
    User,
    UserDeleted,
    UserRoleChanged,
    UserStatus,
    UserStatusChanged,
    fold_email,
)
from colonnade_user.confirmations.records import delete_confirmations_of
from colonnade_user.invitations.records import revoke_invitations_of
from colonnade_user.models import CredentialRow, ProfileRow, UserRow
from colonnade_user.presentation import present_user
from colonnade_user.resources import USER
from colonnade_user.sessions.records import end_sessions_of

EMAIL = "email"


class AccountHandlers:
    """Handlers of the operations on `users`."""

    def __init__(self, ctx: ServiceContext) -> None:
        self._ctx = ctx

    @handles(ListUsers)
    async def list_users(self, request: ListUsers, call: Call) -> Page[User]:
        """List the accounts the caller may see."""
        column_order = SortKey(UserRow.created_at, descending=request.sort.startswith("-"))

        def work(session: Session) -> Page[User]:
            query = _filtered(select(UserRow).where(call.visible(USER)), request, call)
            order = [column_order, SortKey(UserRow.id)]
            return paginate(session, query, order, request, lambda row: _shown(row, call))

        return await self._ctx.store.read(work)

    @handles(GetUser)
    async def get_user(self, request: GetUser, call: Call) -> User:
        """Return one account."""
        return await self._read(request.user_id, call)

    @handles(GetCurrentUser)
    async def get_current_user(self, request: GetCurrentUser, call: Call) -> User:
        """Return the caller's own account."""
        user_id = call.person_id
        if user_id is None:
            raise NotFound("Whoever asks has no account here.")
        return await self._read(user_id, call)

    @handles(UpdateUser)
    async def update_user(self, request: UpdateUser, call: Call) -> User:
        """Change role or status; the policy sees the account before and after."""

        def work(session: Session) -> User:
            user = _existing(session, request.user_id)
            call.require(session, USER, user)
            call.check_version(user.version)
            role = request.role or Role(user.role)
            status = request.status or UserStatus(user.status)
            if role is not Role.OWNER or status is not UserStatus.ACTIVE:
                protect_owner(session, user, call.principal_id)
            _change_role(session, user, role)
            _change_status(session, user, status)
            session.flush()
            call.require(session, USER, user)
            return _shown(user, call)

        changed = await self._ctx.store.run(work)
        self._ctx.invalidate_principal(str(request.user_id))
        await self._ctx.published()
        return changed

    @handles(DeleteUser)
    async def delete_user(self, request: DeleteUser, call: Call) -> Empty:
        """Erase an account; ids are never given out twice, so no trace of it is kept."""

        def work(session: Session) -> None:
            user = _existing(session, request.user_id)
            call.require(session, USER, user)
            call.check_version(user.version)
            protect_owner(session, user, call.principal_id)
            end_sessions_of(session, user.id, SessionEnd.USER_DELETED)
            revoke_invitations_of(session, user.id)
            delete_confirmations_of(session, user.id)
            for belonging in (CredentialRow, ProfileRow):
                session.delete(session.get_one(belonging, user.id))
            session.flush()
            session.delete(user)
            session.publish(UserDeleted(user_id=user.id))

        await self._ctx.store.run(work)
        self._ctx.invalidate_principal(str(request.user_id))
        await self._ctx.published()
        return Empty()

    async def _read(self, user_id: UUID, call: Call) -> User:
        def work(session: Session) -> User:
            user = _existing(session, user_id)
            call.require(session, USER, user)
            return _shown(user, call)

        return await self._ctx.store.read(work)


def _existing(session: Session, user_id: UUID) -> UserRow:
    user = session.get(UserRow, user_id)
    if user is None:
        raise NotFound("There is no such user, or none that you may see.")
    return user


def _filtered(query: Select[UserRow], request: ListUsers, call: Call) -> Select[UserRow]:
    if request.ids is not None:
        query = query.where(UserRow.id.in_(listed_ids(request.ids)))
    if request.role is not None:
        query = query.where(UserRow.role == request.role)
    if request.status is not None:
        query = query.where(UserRow.status == request.status)
    if request.q is not None:
        found = UserRow.folded_name.contains(folded(request.q), autoescape=True)
        # A search that matched masked addresses would disclose them, letter by letter.
        if EMAIL not in call.decision.masks:
            address = fold_email(request.q)
            found = or_(found, UserRow.folded_email.contains(address, autoescape=True))
        query = query.where(found)
    return query


def _change_role(session: Session, user: UserRow, role: Role) -> None:
    previous = Role(user.role)
    if role is previous:
        return
    user.role = role
    # The new role may not be allowed to invite to the roles that were offered.
    revoke_invitations_of(session, user.id)
    session.publish(UserRoleChanged(user_id=user.id, previous=previous, role=role))


def _change_status(session: Session, user: UserRow, status: UserStatus) -> None:
    previous = UserStatus(user.status)
    if status is previous:
        return
    user.status = status
    if status is UserStatus.SUSPENDED:
        end_sessions_of(session, user.id, SessionEnd.SUSPENDED)
        revoke_invitations_of(session, user.id)
    session.publish(UserStatusChanged(user_id=user.id, previous=previous, status=status))


def _shown(user: UserRow, call: Call) -> User:
    """Mask the fields that the caller may not see; one's own account is never masked."""
    return call.mask(present_user(user), own=str(user.id) == call.principal_id)
