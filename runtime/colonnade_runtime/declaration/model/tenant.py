"""`tenants/<id>.yaml`, version 1: every key, its type and its default."""

import re
from collections.abc import Mapping
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import (
    AfterValidator,
    BaseModel,
    EmailStr,
    Field,
    PrivateAttr,
    StringConstraints,
)

from colonnade.money import CURRENT_CURRENCIES
from colonnade.secrets import SecretReference
from colonnade.tenant_status import TenantStatus
from colonnade.text import Line
from colonnade.timezones import timezone_names
from colonnade_runtime.declaration.model.hosts import host_name
from colonnade_runtime.declaration.model.platform import JsonObject, Name, ServiceName
from colonnade_runtime.declaration.model.section import Section, Version
from colonnade_runtime.declaration.model.web_origins import WebOrigin
from colonnade_runtime.declaration.yaml.problems import Location, closest

TENANT_ID_PATTERN = r"^[a-z][a-z0-9-]{1,38}[a-z0-9]$"
"""A tenant's id is also a file name, a bus subject, a schema and a label of a host name."""

_LOCALE = re.compile(
    r"[a-z]{2,3}(-[A-Z][a-z]{3})?(-([A-Z]{2}|[0-9]{3}))?(-([a-z0-9]{5,8}|[0-9][a-z0-9]{3}))*"
)
_COLOUR_PATTERN = r"^#([0-9a-fA-F]{3}|[0-9a-fA-F]{6})$"


def _locale(text: str) -> str:
    if not _LOCALE.fullmatch(text):
        raise ValueError("is not a language tag such as en, de-AT or zh-Hant-TW (BCP 47)")
    return text


def _timezone(name: str) -> str:
    if name not in timezone_names():
        near = closest(name, timezone_names())
        hint = f"; did you mean {near}?" if near else " such as Europe/Berlin or UTC"
        raise ValueError(f"is not the name of a time zone{hint}")
    return name


def _currency(code: str) -> str:
    if code not in CURRENT_CURRENCIES:
        near = closest(code, CURRENT_CURRENCIES)
        hint = f"; did you mean {near}?" if near else " such as EUR or USD"
        raise ValueError(f"is not the code of a currency (ISO 4217){hint}")
    return code


Colour = Annotated[str, StringConstraints(pattern=_COLOUR_PATTERN)]
TOKEN_PLACE = "{token}"  # noqa: S105 - where a token goes, not a token


def _token_link(text: str) -> str:
    parts = urlsplit(text)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError("is no address such as https://app.example/reset?token={token}")
    if text.count(TOKEN_PLACE) != 1 or TOKEN_PLACE in parts.netloc:
        raise ValueError("must have {token} once, in the path, the query or after a #")
    if (
        parts.username
        or not text.isprintable()
        or re.search(r"[{}\s<>\"]", text.replace(TOKEN_PLACE, ""))
    ):
        raise ValueError("holds what an address may not hold beside {token}")
    _ = parts.port
    return text


TokenLink = Annotated[str, StringConstraints(max_length=2048), AfterValidator(_token_link)]
Link = Annotated[str, StringConstraints(max_length=2048, pattern=r"^(https?://|/)\S*$")]
WebSite = Annotated[
    str,
    StringConstraints(
        max_length=2048,
        pattern=r"^(https?://[\w.\-\[\]:]+([/?#][!#-;=?-~]*)?|/[!#-.0-;=?-~][!#-;=?-~]*)$",
    ),
]
"""Address with a host and without a person's name, or a path: people are sent there."""


class OwnerSection(Section):
    """The person whose academy it is. The account is made once and never reset from here."""

    email: EmailStr
    """The address the owner logs in with."""

    password: SecretReference | None = None
    """The first password. Unset in development, a random one is printed once; production must
    say it."""


class BrandingSection(Section):
    """Branding: how the academy looks and at which domains it answers."""

    title: Line | None = None
    """The name shown to learners; without it, the tenant's name."""

    primary_color: Colour | None = None
    """The main colour, as `#0b5fff`."""

    accent_color: Colour | None = None
    """The second colour, as `#ffb020`."""

    logo: Link | None = None
    """Logo: an `https://` address or a path that starts with `/`."""

    website: WebSite | None = None
    """The academy's own site: an `https://` address or a path that starts with `/`."""

    support_email: EmailStr | None = None
    """Address to which learners write for help."""


class LinksSection(Section):
    """Links in mails: pages of the academy's front end, with `{token}` for the token.

    Without one, a link leads to a plain page of the platform's own.
    """

    password_reset: TokenLink | None = None
    """The page that sets a new password, such as `https://app.example/reset?token={token}`."""

    email_verification: TokenLink | None = None
    """The page that confirms an address."""

    email_change: TokenLink | None = None
    """The page that confirms a new address."""

    registration: TokenLink | None = None
    """The page that opens an account whose address is confirmed first."""

    invitation: TokenLink | None = None
    """The page that accepts an invitation."""


class TenantCorsSection(Section):
    """Cross-origin requests to this academy."""

    origins: Annotated[tuple[WebOrigin, ...], Field(max_length=100)] | None = None
    """Origins that this academy lets in, in place of `gateway.cors.origins`: some of those, and
    any on its own `domains` or below one."""


class TenantServiceSection(Section):
    """Settings of one tenant for one service of the platform."""

    enabled: bool = True
    """True when the tenant has the service."""

    config: JsonObject = Field(default_factory=dict)
    """Configuration of the service's plugin for this tenant."""


class Tenant(Section):
    """Declaration of one academy, `tenants/<id>.yaml`."""

    version: Version
    """The version of this format."""

    id: Annotated[str, StringConstraints(pattern=TENANT_ID_PATTERN)]
    """The tenant's id, the same as the file's name: 3 to 40 of `a-z`, `0-9` and `-`."""

    name: Line
    """The academy's name."""

    status: Literal["active", "suspended"] = "active"
    """A suspended tenant keeps its data and answers nothing."""

    domains: Annotated[
        tuple[Annotated[str, AfterValidator(host_name)], ...], Field(max_length=100)
    ] = ()
    """Host names of its own, besides `<id>.<gateway.domain>`."""

    owner: OwnerSection
    """The person whose academy it is."""

    plan: Name = "standard"
    """Plan that the tenant has booked; policies and services read it."""

    branding: BrandingSection = BrandingSection()
    """Branding of the academy."""

    links: LinksSection = LinksSection()
    """Links in mails."""

    cors: TenantCorsSection = TenantCorsSection()
    """Cross-origin requests to this academy."""

    locale: Annotated[str, AfterValidator(_locale)] = "en"
    """The language and region it speaks by default (BCP 47)."""

    timezone: Annotated[str, AfterValidator(_timezone)] = "UTC"
    """Time zone in which its days begin and end (IANA)."""

    currency: Annotated[str, AfterValidator(_currency)]
    """Currency of its prices (ISO 4217)."""

    services: dict[ServiceName, TenantServiceSection] = Field(default_factory=dict)
    """Settings that differ for this tenant, by service."""

    policy: JsonObject = Field(default_factory=dict)
    """Data that the policies read as the tenant's; it can narrow what is allowed, never widen."""

    _configs: dict[str, BaseModel] = PrivateAttr(default_factory=dict)
    _domain_places: tuple[Location, ...] = PrivateAttr(default=())
    _origin_places: tuple[Location, ...] = PrivateAttr(default=())

    @property
    def configs(self) -> Mapping[str, BaseModel]:
        """Configuration by the tenant, by service, in the models of the services' plugins."""
        return self._configs

    @property
    def is_active(self) -> bool:
        """True when the tenant's requests are answered."""
        return self.status == TenantStatus.ACTIVE.value

    def config_of(self, service: str) -> BaseModel | None:
        """Configuration of `service` by the tenant, in the model of the service's plugin; the
        model's defaults when it sets nothing, None when the plugin has no tenant model."""
        return self._configs.get(service)

    def has_service(self, service: str) -> bool:
        """True when the tenant has `service`, given that the platform runs it."""
        section = self.services.get(service)
        return section is None or section.enabled
