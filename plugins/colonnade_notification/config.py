"""Settings of the operator and of a tenant."""

import re
from typing import Annotated, Self, TypeAlias
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from colonnade.placeholders import check_placeholders
from colonnade.quantities import Duration
from colonnade.secrets import SecretReference
from colonnade.services import ServiceContext
from colonnade.text import Line

_ATOM = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
_ADDRESS = re.compile(rf"{_ATOM}(\.{_ATOM})*@[A-Za-z0-9{{}}-]+(\.[A-Za-z0-9{{}}-]+)*")
MAXIMUM_ADDRESS = 254
"""Characters an e-mail address may have (RFC 5321 §4.5.3.1.3, less the angle brackets)."""

_SCHEMES = ("file", "smtp", "smtps", "smtp+starttls")


def _address(text: str) -> str:
    if len(text) > MAXIMUM_ADDRESS or _ADDRESS.fullmatch(text) is None:
        raise ValueError("is not an e-mail address such as no-reply@academy.example")
    return check_placeholders(text, "tenant")


def _mail_url(text: str) -> str:
    parts = urlsplit(text)
    if parts.scheme not in _SCHEMES:
        raise ValueError(f"must begin with one of {', '.join(f'{name}:' for name in _SCHEMES)}")
    if parts.username or parts.password:
        raise ValueError("must not hold credentials: use username and password beside it")
    if parts.scheme == "file":
        if not parts.path or parts.netloc:
            raise ValueError("names a folder, such as file:var/mail")
    elif not parts.hostname or parts.path not in ("", "/") or parts.query:
        raise ValueError("names a server, such as smtps://mail.example:465")
    _ = parts.port
    return text


def _contact(text: str) -> str:
    return check_placeholders(text, "tenant")


def _web_url(text: str) -> str:
    parts = urlsplit(text.replace("{tenant}", "tenant"))
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment:
        raise ValueError("is not a web address such as https://{tenant}.academy.example")
    return check_placeholders(text, "tenant").rstrip("/")


Address = Annotated[str, AfterValidator(_address)]


class MailConfig(BaseModel):
    """`mail`: the transport of e-mail, and its sender."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    url: Annotated[str, AfterValidator(_mail_url)] = Field(
        "file:var/mail",
        description="`smtp://`, `smtps://` or `smtp+starttls://` and a host, or `file:` and a "
        "folder for `.eml` files.",
    )
    username: Line | None = Field(None, description="Signs in to the server.")
    password: SecretReference | None = Field(None, description="Signs in to the server.")
    sender: Address = Field(
        "no-reply@{tenant}.localhost",
        description="Who mail is from; `{tenant}` is the tenant's id.",
    )
    timeout: Duration = Field(
        Duration.parse("20s"), description="How long handing over one message may take, 1s to 25s."
    )
    connections: int = Field(4, ge=1, le=16, description="Connections to the server at once.")


class PushConfig(BaseModel):
    """`push`: web push."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    contact: Annotated[Line, AfterValidator(_contact)] = Field(
        "mailto:webmaster@{tenant}.localhost",
        pattern=r"^(mailto:|https://).+",
        description="Whom a push service may write to (RFC 8292 §2.1).",
    )
    private_endpoints: bool = Field(
        False,
        description="Whether push endpoints may be on this machine or a private network, and "
        "speak plain HTTP. For development and tests.",
    )
    timeout: Duration = Field(
        Duration.parse("10s"), description="How long one push service may take, 1s to 20s."
    )
    lifetime: Duration = Field(
        Duration.parse("1d"), description="How long a push service keeps a message (TTL)."
    )


class RetryConfig(BaseModel):
    """`retry`: the pace at which a postponed message is tried again."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    attempts: int = Field(16, ge=1, le=50, description="Tries before a message is given up.")
    first: Duration = Field(Duration.parse("1m"), description="Before the second try.")
    longest: Duration = Field(
        Duration.parse("6h"), description="The wait doubles from try to try up to this."
    )


class NotificationConfig(BaseModel):
    """`services.notification.config` in platform.yaml."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    public_url: Annotated[str, Field(max_length=500), AfterValidator(_web_url)] | None = Field(
        None,
        description="Where a tenant's people find it; links in messages begin with it. Without "
        "it, where the platform itself listens: `http://<id>.<gateway.domain>:<gateway.port>`.",
    )
    mail: MailConfig = MailConfig()
    push: PushConfig = PushConfig()
    retry: RetryConfig = RetryConfig()
    unsubscribe_links: Duration = Field(
        Duration.parse("60d"),
        description="How long the way out of a mail works, 30d at least.",
    )
    kept: Duration = Field(
        Duration.parse("365d"),
        description="How long messages and what became of them are kept, 31d at least.",
    )

    @model_validator(mode="after")
    def _bounded(self) -> Self:
        if not 1 <= self.mail.timeout <= 25:
            raise ValueError("mail.timeout must be between 1s and 25s")
        if not 1 <= self.push.timeout <= 20:
            raise ValueError("push.timeout must be between 1s and 20s")
        # Laws on mail ask for as much, and people read old mail.
        if not 30 * 86400 <= self.unsubscribe_links <= 3650 * 86400:
            raise ValueError("unsubscribe_links must be between 30d and 3650d")
        # Longer than the inbox remembers: an old event that comes again finds its rows.
        if self.kept < 31 * 86400:
            raise ValueError("kept must be 31d at least")
        if self.retry.first > self.retry.longest:
            raise ValueError("retry.first must not be longer than retry.longest")
        return self


class TenantNotificationConfig(BaseModel):
    """`services.notification.config` in a tenant's file."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    sender: Address | None = Field(None, description="Who mail is from.")
    sender_name: Line | None = Field(None, description="The name beside it; else the academy's.")
    reply_to: Address | None = Field(None, description="Where answers go.")
    footer: Line | None = Field(None, description="The last line of every mail, an imprint.")


def undeclared(config: NotificationConfig) -> list[str]:
    """Keys that production must declare and this configuration does not."""
    missing = [
        f"mail.{name}" for name in ("url", "sender") if name not in config.mail.model_fields_set
    ]
    # RFC 8058 §3.1 asks for https, and so does whoever follows a link.
    if not (config.public_url or "").startswith("https://"):
        missing.append("public_url, with https")
    return missing


NotificationContext: TypeAlias = ServiceContext[NotificationConfig, TenantNotificationConfig]
"""Context of the service, typed by its settings."""
