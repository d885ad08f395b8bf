"""Profiles: public details of a user, each with its visibility."""

from typing import Annotated
from uuid import UUID

from pydantic import Field

from colonnade.messages import Message, NotNull, Request
from colonnade.operations import operation
from colonnade.patches import Patch
from colonnade.personal import Personal
from colonnade_user.api.values import PersonName, Visibility

Headline = Annotated[str | None, Field(max_length=200), Personal()]
Biography = Annotated[str | None, Field(max_length=5000), Personal()]
Website = Annotated[
    str | None, Field(max_length=500, pattern=r"^https?://[^\s<>\"']+$"), Personal()
]
Location = Annotated[str | None, Field(max_length=200), Personal()]


class ProfileVisibility(Message):
    """Visibility of each field of a profile."""

    name: Visibility = Visibility.MEMBERS
    headline: Visibility = Visibility.MEMBERS
    biography: Visibility = Visibility.MEMBERS
    website: Visibility = Visibility.MEMBERS
    location: Visibility = Visibility.MEMBERS


class Profile(Message):
    """Profile of a user. A field the caller may not see is null, and so is `visibility` for
    callers who may not see the whole."""

    user_id: UUID
    name: Annotated[str | None, Personal()] = None
    headline: Annotated[str | None, Personal()] = None
    biography: Annotated[str | None, Personal()] = None
    website: Annotated[str | None, Personal()] = None
    location: Annotated[str | None, Personal()] = None
    visibility: ProfileVisibility | None = None
    version: int


@operation("user", action="profile.read", idempotent=True)
class GetProfile(Request[Profile]):
    """Return a user's profile, as far as the caller may see it."""

    user_id: UUID


class VisibilityChange(Message):
    """The fields whose visibility changes; the others keep theirs."""

    name: Annotated[Visibility | None, NotNull()] = None
    headline: Annotated[Visibility | None, NotNull()] = None
    biography: Annotated[Visibility | None, NotNull()] = None
    website: Annotated[Visibility | None, NotNull()] = None
    location: Annotated[Visibility | None, NotNull()] = None


@operation("user", action="profile.update", per_day=200)
class UpdateProfile(Patch[Profile]):
    """Change one's own profile; null clears a field."""

    user_id: UUID
    name: Annotated[PersonName | None, NotNull(), Personal()] = None
    headline: Headline = None
    biography: Biography = None
    website: Website = None
    location: Location = None
    visibility: Annotated[VisibilityChange | None, NotNull()] = None
