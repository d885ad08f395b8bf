"""Commands on outboxes: how they stand, and sending again what was sent before."""

from datetime import datetime
from typing import Annotated, Any

import msgspec

from colonnade.errors import FieldError, ValidationFailed
from colonnade.moments import utc
from colonnade_runtime.admin.commands.registry import AdminCall, AdminCommand
from colonnade_runtime.admin.commands.unreadable_stores import unreadable_noted

Instant = Annotated[datetime, msgspec.Meta(tz=True)]


class Status(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Arguments: service and tenant; all of them when left out."""

    service: str | None = None
    tenant: str | None = None


class Republish(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Arguments: events written at `since` or later."""

    since: Instant
    service: str | None = None
    tenant: str | None = None


async def status(arguments: Status, call: AdminCall) -> list[dict[str, Any]]:
    """Each outbox: events that wait, when the oldest was written, and how many were sent."""
    places = await call.platform.places(arguments.service, arguments.tenant)
    found: list[dict[str, Any]] = []
    for done, (service, work, tenant) in enumerate(places):
        await call.tell(done, len(places))
        with unreadable_noted(found, service, tenant):
            state = await work.relay.status(tenant)
            found.append(
                {
                    "service": service,
                    "tenant": tenant,
                    "pending": state.pending,
                    "oldest": state.oldest,
                    "sent": state.sent,
                }
            )
    return found


async def republish(arguments: Republish, call: AdminCall) -> list[dict[str, Any]]:
    """Send archived events again; consumers that had them already pass them over.

    Raises:
        ValidationFailed: `since` is out of the calendar.
    """
    try:
        since = utc(arguments.since)
    except ValueError as error:
        pointed = FieldError("/since", str(error), "range")
        raise ValidationFailed(fields=[pointed]) from None
    places = await call.platform.places(arguments.service, arguments.tenant)
    found: list[dict[str, Any]] = []
    for done, (service, work, tenant) in enumerate(places):
        await call.tell(done, len(places))
        with unreadable_noted(found, service, tenant):
            again = await work.relay.republish(tenant, since)
            found.append({"service": service, "tenant": tenant, "republished": again})
    return found


COMMANDS = (
    AdminCommand("outbox.status", Status, status),
    AdminCommand("outbox.republish", Republish, republish),
)
