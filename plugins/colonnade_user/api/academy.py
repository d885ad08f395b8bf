"""The academy as its clients see it, and what its owner may change of it."""

from typing import Annotated

from pydantic import Field

from colonnade.messages import Message, NotNull, Request
from colonnade.operations import operation
from colonnade.patches import Patch
from colonnade.personal import Personal
from colonnade_user.api.errors import DeclaredInFile

Text = Annotated[str, Field(max_length=2048)]
"""What a tenant's file takes is checked as that file is."""


class Branding(Message):
    """Branding of an academy; what it does not say is null."""

    title: str | None = None
    primary_color: str | None = None
    accent_color: str | None = None
    logo: str | None = None
    website: str | None = None
    support_email: Annotated[str | None, Personal()] = None


class AcademyLimits(Message):
    """Bounds that a client has to know: bytes of a JSON body, items of a page, characters of a
    password."""

    request_body: int
    page: int
    password_minimum: int
    password_maximum: int


class Academy(Message):
    """An academy. `sign_in` are the ways to sign in: `password` is `POST /auth/login`.

    `registration` is `open` where a visitor has an account at once, `confirmed` where it is opened
    by a link in a mail, and `closed` where the academy adds people itself. `editable` are the keys
    that its owner may change.
    """

    id: str
    name: str
    branding: Branding
    locale: str
    timezone: str
    currency: str
    sign_in: list[str]
    registration: str
    limits: AcademyLimits
    editable: list[str]


@operation("user", action="academy.read", idempotent=True)
class GetAcademy(Request[Academy]):
    """Read what everybody may know of this academy."""


class BrandingChange(Message):
    """Parts of the branding that change; null takes one away, the others stay."""

    title: Text | None = None
    primary_color: Text | None = None
    accent_color: Text | None = None
    logo: Text | None = None
    website: Text | None = None
    support_email: Annotated[Text | None, Personal()] = None


@operation("user", action="academy.update", errors=[DeclaredInFile], deadline=15.0, per_day=200)
class UpdateAcademy(Patch[Academy]):
    """Change what the platform lets an academy change of its own file."""

    name: Annotated[Text | None, NotNull()] = None
    branding: Annotated[BrandingChange | None, NotNull()] = None
    locale: Annotated[Text | None, NotNull()] = None
    timezone: Annotated[Text | None, NotNull()] = None
