"""Operations on profiles, whose fields have a visibility each."""

from uuid import UUID

from colonnade.context import PrincipalKind
from colonnade.errors import NotFound
from colonnade.operations import Call, handles
from colonnade.patches import assign
from colonnade.services import ServiceContext
from colonnade.store import Session
from colonnade_user.api import (
    GetProfile,
    Profile,
    ProfileUpdated,
    UpdateProfile,
    UserStatus,
    Visibility,
)
from colonnade_user.models import ProfileRow, UserRow
from colonnade_user.presentation import (
    OPTIONAL_PROFILE_FIELDS,
    WIDEST_FIRST,
    present_profile,
)
from colonnade_user.resources import PROFILE


class ProfileHandlers:
    """Handlers of the operations on `profiles`."""

    def __init__(self, ctx: ServiceContext) -> None:
        self._ctx = ctx

    @handles(GetProfile)
    async def get_profile(self, request: GetProfile, call: Call) -> Profile:
        """Return the profile, as far as the caller may see it."""

        def work(session: Session) -> Profile:
            user, profile = _existing(session, request.user_id)
            call.require(session, PROFILE, profile)
            narrowest = _narrowest_visible(profile, call)
            if user.status != UserStatus.ACTIVE and narrowest is not Visibility.PRIVATE:
                raise _missing()
            return present_profile(user, profile, narrowest)

        return await self._ctx.store.read(work)

    @handles(UpdateProfile)
    async def update_profile(self, request: UpdateProfile, call: Call) -> Profile:
        """Change what is given; null clears a field."""

        def work(session: Session) -> Profile:
            user, profile = _existing(session, request.user_id)
            call.require(session, PROFILE, profile)
            call.check_version(profile.version)
            _change(user, profile, request)
            # A new name is in the account's row; touching this one raises the profile's version.
            profile.updated_at = session.now
            session.flush()
            call.require(session, PROFILE, profile)
            session.publish(ProfileUpdated(user_id=user.id, name=user.name))
            return present_profile(user, profile, Visibility.PRIVATE)

        return await self._ctx.store.run(work)


def _change(user: UserRow, profile: ProfileRow, request: UpdateProfile) -> None:
    if request.name is not None:
        user.rename(request.name)
    assign(profile, request.given(*OPTIONAL_PROFILE_FIELDS))
    if request.visibility is not None:
        chosen = request.visibility.model_dump(mode="json", exclude_unset=True)
        profile.visibility = profile.visibility | chosen
    widths = [Visibility(value) for value in profile.visibility.values()]
    profile.audience = min(widths, key=WIDEST_FIRST.index)


def _existing(session: Session, user_id: UUID) -> tuple[UserRow, ProfileRow]:
    user, profile = session.get(UserRow, user_id), session.get(ProfileRow, user_id)
    if user is None or profile is None:
        raise _missing()
    return user, profile


def _missing() -> NotFound:
    return NotFound("There is no such profile, or none that you may see.")


def _narrowest_visible(profile: ProfileRow, call: Call) -> Visibility:
    """Narrowest visibility the caller sees; callers who may read every profile see all fields."""
    if call.decision.unconditional or str(profile.user_id) == call.principal_id:
        return Visibility.PRIVATE
    if call.context.principal.kind is PrincipalKind.ANONYMOUS:
        return Visibility.PUBLIC
    return Visibility.MEMBERS
