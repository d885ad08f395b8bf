"""Commands on outboxes: how they stand, and sending again what was sent before."""

from datetime import datetime
from typing import Annotated, Any

import msgspec

from colonnade.errors import FieldError, NotFound, ValidationFailed
from colonnade.moments import utc
from colonnade_runtime.admin.commands.registry import AdminCall, AdminCommand
from colonnade_runtime.admin.commands.unreadable_stores import unreadable_noted

ARCHIVED_AT_ONCE = 200
"""Events that one answer has at most."""

ARCHIVED_BYTES = 1024 * 1024
"""Bytes of envelopes in one answer, unless a single one is larger."""

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


class Heard(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Arguments: the stored name of a reaction, with its service."""

    service: str
    reaction: str


async def heard(arguments: Heard, call: AdminCall) -> dict[str, str]:
    """Event type that a reaction of a service here reacts to, and the service that publishes it.

    Raises:
        NotFound: the service has no such reaction.
    """
    [(_, work)] = call.platform.works(arguments.service)
    handler = work.delivery.consumers.get(arguments.reaction)
    if handler is None:
        known = ", ".join(sorted(work.delivery.consumers)) or "none"
        raise NotFound(f"There is no reaction '{arguments.reaction}' (there are: {known}).")
    event_type = handler.reaction.bound.event_type
    return {"type": event_type.type, "service": event_type.service}


class Archive(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Arguments: events of a type in one outbox, written at `since` or later, after a sequence."""

    service: str
    tenant: str
    type: str
    since: Instant
    after: int = 0


async def archive(arguments: Archive, call: AdminCall) -> dict[str, Any]:
    """Envelopes as base64, in the order they were committed, and the sequence of the last; no more
    than fit into an answer."""
    call.platform.tenant(arguments.tenant)
    [(_, work)] = call.platform.works(arguments.service)
    rows = await work.relay.archive(
        arguments.tenant, arguments.type, utc(arguments.since), arguments.after, ARCHIVED_AT_ONCE
    )
    envelopes: list[bytes] = []
    last, size = arguments.after, 0
    for sequence, envelope in rows:
        size += len(envelope)
        if envelopes and size > ARCHIVED_BYTES:
            break
        envelopes.append(envelope)
        last = sequence
    return {"envelopes": envelopes, "last": last}


class Deliver(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Arguments: envelopes for one reaction, in their order."""

    service: str
    reaction: str
    envelopes: list[bytes]


async def deliver(arguments: Deliver, call: AdminCall) -> dict[str, int]:
    """Deliver past events to one reaction: how many it got, and how many it had before."""
    [(_, work)] = call.platform.works(arguments.service)
    delivered = 0
    for envelope in arguments.envelopes:
        delivered += await work.delivery.deliver_past(arguments.reaction, envelope)
    return {"delivered": delivered, "passed_over": len(arguments.envelopes) - delivered}


COMMANDS = (
    AdminCommand("outbox.heard", Heard, heard),
    AdminCommand("outbox.archive", Archive, archive),
    AdminCommand("outbox.deliver", Deliver, deliver),
    AdminCommand("outbox.status", Status, status),
    AdminCommand("outbox.republish", Republish, republish),
)
