"""Profiles: what people tell about themselves, field by field to whom they choose."""

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
    ProfileVisibility,
    UpdateProfile,
    UserStatus,
    Visibility,
)
from colonnade_user.models import PROFILE, ProfileRow, UserRow

OPTIONAL_FIELDS = ("headline", "biography", "website", "location")
WIDEST_FIRST = (Visibility.PUBLIC, Visibility.MEMBERS, Visibility.PRIVATE)


class ProfileHandlers:
    """The operations on `profiles`."""

    def __init__(self, ctx: ServiceContext) -> None:
        self._ctx = ctx

    @handles(GetProfile)
    async def get_profile(self, request: GetProfile, call: Call) -> Profile:
        """The profile, as far as the caller may see it."""

        def work(session: Session) -> Profile:
            user, profile = _existing(session, request.user_id)
            call.require(session, PROFILE, profile)
            seen = _sees(profile, call)
            if user.status != UserStatus.ACTIVE and seen is not Visibility.PRIVATE:
                raise _missing()
            return _present(user, profile, seen)

        return await self._ctx.store.read(work)

    @handles(UpdateProfile)
    async def update_profile(self, request: UpdateProfile, call: Call) -> Profile:
        """Change what is given; null clears a field."""

        def work(session: Session) -> Profile:
            user, profile = _existing(session, request.user_id)
            call.require(session, PROFILE, profile)
            call.check_version(profile.version)
            _change(user, profile, request)
            # A new name changes the answer but not this row; its version has to say so.
            profile.updated_at = session.now
            session.flush()
            call.require(session, PROFILE, profile)
            session.publish(ProfileUpdated(user_id=user.id, name=user.name))
            return _present(user, profile, Visibility.PRIVATE)

        return await self._ctx.store.run(work)


def _change(user: UserRow, profile: ProfileRow, request: UpdateProfile) -> None:
    if request.name is not None:
        user.rename(request.name)
    assign(profile, request.given(*OPTIONAL_FIELDS))
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


def _sees(profile: ProfileRow, call: Call) -> Visibility:
    """The narrowest fields the caller sees. Whoever may read every profile sees the whole."""
    if call.decision.unconditional or str(profile.user_id) == call.principal_id:
        return Visibility.PRIVATE
    if call.context.principal.kind is PrincipalKind.ANONYMOUS:
        return Visibility.PUBLIC
    return Visibility.MEMBERS


def _present(user: UserRow, profile: ProfileRow, seen: Visibility) -> Profile:
    visibility = ProfileVisibility.model_validate(profile.visibility)
    values = {"name": user.name} | {name: getattr(profile, name) for name in OPTIONAL_FIELDS}
    reach = WIDEST_FIRST.index(seen)
    shown = {
        name: value
        for name, value in values.items()
        if WIDEST_FIRST.index(getattr(visibility, name)) <= reach
    }
    return Profile(
        user_id=user.id,
        visibility=visibility if seen is Visibility.PRIVATE else None,
        version=profile.version,
        **shown,
    )
