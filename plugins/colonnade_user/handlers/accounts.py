"""Accounts: listing, roles, suspension and deletion."""

import unicodedata
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import Select, or_, select
from sqlalchemy.exc import IntegrityError

from colonnade.errors import FieldError, NotFound
from colonnade.identifiers import new_id
from colonnade.messages import Empty
from colonnade.operations import Call, handles
from colonnade.pagination import Page, SortKey, paginate
from colonnade.services import ServiceContext
from colonnade.store import Session
from colonnade.text import folded
from colonnade_user.accounts.ownership import protect_owner
from colonnade_user.api import (
    DeleteUser,
    EmailTaken,
    GetCurrentUser,
    GetUser,
    ListUsers,
    ProfileVisibility,
    Role,
    SessionEnd,
    UpdateUser,
    User,
    UserDeleted,
    UserRegistered,
    UserRoleChanged,
    UserStatus,
    UserStatusChanged,
    Visibility,
    fold_email,
)
from colonnade_user.confirmations.records import close_of
from colonnade_user.invitations.records import revoke_those_of
from colonnade_user.models import USER, CredentialRow, ProfileRow, UserRow
from colonnade_user.sessions.records import end_sessions_of

EMAIL = "email"


@dataclass(frozen=True, slots=True)
class NewAccount:
    """What an account starts with; the password is hashed already."""

    email: str
    name: str
    password_hash: str
    role: Role = Role.LEARNER
    email_verified: bool = False


def account_at(session: Session, email: str) -> UserRow | None:
    """The account of an address, in whatever case it is written."""
    return session.scalar(select(UserRow).where(UserRow.folded_email == fold_email(email)))


def account_known_as(session: Session, email: str) -> UserRow | None:
    """The account that somebody means who gives this address as theirs.

    Earlier versions kept `weiß@` as `weiss@`: its owner still writes what is theirs.
    """
    exact = account_at(session, email)
    if exact is not None:
        return exact
    local, _, domain = email.rpartition("@")
    folded = unicodedata.normalize("NFC", f"{local.casefold()}@{domain.lower()}")
    return session.scalar(select(UserRow).where(UserRow.casefolded_email == folded))


def add_account(session: Session, new: NewAccount) -> UserRow:
    """Write an account with all that belongs to it. An index on addresses decides a race.

    Raises:
        EmailTaken: there is an account of this address.
    """
    user = UserRow(id=new_id(), email=new.email, role=new.role, status=UserStatus.ACTIVE)
    user.email_verified_at = session.now if new.email_verified else None
    user.rename(new.name)
    session.add(user)
    try:
        session.flush()
    except IntegrityError:
        raise email_taken() from None
    session.add(
        CredentialRow(user_id=user.id, password_hash=new.password_hash, changed_at=session.now)
    )
    session.add(
        ProfileRow(
            user_id=user.id,
            visibility=ProfileVisibility().model_dump(mode="json"),
            audience=Visibility.MEMBERS,
        )
    )
    session.publish(UserRegistered(user_id=user.id, name=user.name, role=new.role))
    session.flush()
    return user


def email_taken() -> EmailTaken:
    """What whoever wants an address is told that somebody else has."""
    return EmailTaken(
        "Somebody is registered with this e-mail address already.",
        fields=[FieldError("/email", "is registered already", "taken")],
    )


class AccountHandlers:
    """The operations on `users`."""

    def __init__(self, ctx: ServiceContext) -> None:
        self._ctx = ctx

    @handles(ListUsers)
    async def list_users(self, request: ListUsers, call: Call) -> Page[User]:
        """The accounts the caller may see."""
        column_order = SortKey(UserRow.created_at, descending=request.sort.startswith("-"))

        def work(session: Session) -> Page[User]:
            query = _filtered(select(UserRow).where(call.visible(USER)), request, call)
            order = [column_order, SortKey(UserRow.id)]
            return paginate(session, query, order, request, lambda row: _shown(row, call))

        return await self._ctx.store.read(work)

    @handles(GetUser)
    async def get_user(self, request: GetUser, call: Call) -> User:
        """One account."""
        return await self._read(request.user_id, call)

    @handles(GetCurrentUser)
    async def get_current_user(self, request: GetCurrentUser, call: Call) -> User:
        """The caller's own account."""
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
        """Erase an account; ids are never given out twice, so nothing has to remember it."""

        def work(session: Session) -> None:
            user = _existing(session, request.user_id)
            call.require(session, USER, user)
            call.check_version(user.version)
            protect_owner(session, user, call.principal_id)
            end_sessions_of(session, user.id, SessionEnd.USER_DELETED)
            revoke_those_of(session, user.id)
            close_of(session, user.id)
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
    if request.role is not None:
        query = query.where(UserRow.role == request.role)
    if request.status is not None:
        query = query.where(UserRow.status == request.status)
    if request.q is not None:
        found = UserRow.folded_name.contains(folded(request.q), autoescape=True)
        # A search that matched what is masked would tell it, letter by letter.
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
    # What they offered, they may not be able to offer any more.
    revoke_those_of(session, user.id)
    session.publish(UserRoleChanged(user_id=user.id, previous=previous, role=role))


def _change_status(session: Session, user: UserRow, status: UserStatus) -> None:
    previous = UserStatus(user.status)
    if status is previous:
        return
    user.status = status
    if status is UserStatus.SUSPENDED:
        end_sessions_of(session, user.id, SessionEnd.SUSPENDED)
        revoke_those_of(session, user.id)
    session.publish(UserStatusChanged(user_id=user.id, previous=previous, status=status))


def present(user: UserRow) -> User:
    """The account with all there is to tell."""
    return User(
        id=user.id,
        email=user.email,
        name=user.name,
        role=Role(user.role),
        status=UserStatus(user.status),
        created_at=user.created_at,
        updated_at=user.updated_at,
        version=user.version,
        email_verified=user.email_verified_at is not None,
    )


def _shown(user: UserRow, call: Call) -> User:
    """The account as the caller may see it; one's own is never masked."""
    return call.mask(present(user), own=str(user.id) == call.principal_id)
