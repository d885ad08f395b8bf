"""Web addresses of a tenant, and the sender of its mail."""

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from colonnade_notification.addressing.mailboxes import Mailbox, mailbox
from colonnade_notification.config import (
    NotificationConfig,
    NotificationContext,
    TenantNotificationConfig,
)

_PLACE = re.compile(r"\{(\w+)\}")


class Addresses:
    """Web and mail addresses of the tenant in context."""

    def __init__(self, ctx: NotificationContext, config: NotificationConfig) -> None:
        self._ctx = ctx
        self._config = config

    def web(self, path: str = "") -> str:
        """Make a path of the tenant's web face absolute."""
        tenant, declared = self._ctx.tenant(), self._config.public_url
        base = tenant.url if declared is None else declared.replace("{tenant}", tenant.id)
        return base + path

    def link(self, path: str, facts: Mapping[str, Any]) -> str:
        """The link of a message; `{course}` in `path` is the course of `facts`, and any other name
        in braces the fact of that name."""
        course = facts.get("course")
        known = {**facts, "course": course.get("id", "") if isinstance(course, Mapping) else ""}
        return self.web(_PLACE.sub(lambda found: quote(str(known.get(found[1], ""))), path))

    def confirmation(self, purpose: str, token: str | None) -> str:
        """The link of a confirmation: the academy's front end as its file declares, else the
        platform's own page. Without a token, the academy."""
        if token is None:
            return self.web("/")
        declared = self._ctx.tenant().links.get(purpose)
        if declared is not None:
            return declared.replace("{token}", token)
        return self.web(f"/api/v1/auth/confirm?token={token}")

    def sender(self) -> Mailbox:
        """The sender of mail: the tenant's own choice, else the platform's."""
        tenant, chosen = self._ctx.tenant(), self.tenant_config()
        address = chosen.sender or self._config.mail.sender
        name = chosen.sender_name or tenant.name
        return mailbox(address.replace("{tenant}", tenant.id), name)

    def sender_domain(self) -> str:
        """The right half of Message-IDs."""
        return self.sender().domain

    def contact(self) -> str:
        """The contact that push services may write to (RFC 8292 §2.1)."""
        return self._config.push.contact.replace("{tenant}", self._ctx.tenant().id)

    def tenant_config(self) -> TenantNotificationConfig:
        """The tenant's own settings."""
        return self._ctx.tenant_config()
