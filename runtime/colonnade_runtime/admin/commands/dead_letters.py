"""Commands on dead letters: of tenants, of no tenant known here, and services' own."""

from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Annotated, Any
from uuid import UUID

import msgspec

from colonnade.errors import ColonnadeError, NotFound
from colonnade_runtime.admin.commands.dead_letter_entries import (
    DeadLetterEntry,
    EventEntry,
    ServiceEntry,
    TenantlessEntry,
)
from colonnade_runtime.admin.commands.registry import AdminCall, AdminCommand
from colonnade_runtime.admin.commands.unreadable_stores import not_found, unreadable_noted

MAXIMUM_LETTERS = 10_000
"""Letters of one store that are looked through."""


class List(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The oldest `limit` of each store; replayed ones only when asked for."""

    service: str | None = None
    tenant: str | None = None
    replayed: bool = False
    limit: Annotated[int, msgspec.Meta(ge=1, le=1000)] = 100


class One(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One letter; `service` and `tenant` make it quicker to find."""

    id: UUID
    service: str | None = None
    tenant: str | None = None
    reveal: bool = False


class Replay(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The letters of these ids; all that were not replayed when there are none."""

    ids: Annotated[tuple[UUID, ...], msgspec.Meta(max_length=1000)] = ()
    service: str | None = None
    tenant: str | None = None


async def list_(arguments: List, call: AdminCall) -> list[dict[str, Any]]:
    """The letters, without what is in them; a row with `unread` for each store that fails."""
    unread: list[dict[str, Any]] = []
    return [letter.shown() async for letter in _letters(arguments, call, unread)] + unread


async def show(arguments: One, call: AdminCall) -> dict[str, Any]:
    """One letter with what is in it; personal data stays hidden unless revealed."""
    letter = await _find(arguments, call, arguments.id)
    return letter.shown() | letter.content(call, reveal=arguments.reveal)


async def replay(arguments: Replay, call: AdminCall) -> list[dict[str, Any]]:
    """Deliver each once more; one that fails again stays, and the others go on."""
    unread: list[dict[str, Any]] = []
    if arguments.ids:
        chosen = [await _find(arguments, call, identifier) for identifier in arguments.ids]
    else:
        wanted = List(arguments.service, arguments.tenant, limit=1000)
        chosen = [letter async for letter in _letters(wanted, call, unread)]
    outcomes: list[dict[str, Any]] = []
    for done, letter in enumerate(chosen):
        await call.tell(done, len(chosen))
        error = None
        try:
            await letter.replay()
        except ColonnadeError as failure:
            error = failure.message
        outcomes.append({"id": letter.id, "replayed": error is None, "error": error})
    return outcomes + unread


async def discard(arguments: One, call: AdminCall) -> dict[str, Any]:
    """Remove one letter; what is in it counts as handled."""
    letter = await _find(arguments, call, arguments.id)
    await letter.discard()
    return letter.shown()


async def _letters(
    arguments: List, call: AdminCall, unread: list[dict[str, Any]]
) -> AsyncIterator[DeadLetterEntry]:
    if arguments.tenant is None:
        for service, work in call.platform.works(arguments.service):
            for tenantless in await work.control.dead_letters(limit=arguments.limit):
                yield TenantlessEntry(service, work, tenantless)
    places = await call.platform.places(arguments.service, arguments.tenant)
    for done, (service, work, tenant) in enumerate(places):
        await call.tell(done, len(places))
        found: list[DeadLetterEntry] = []
        with unreadable_noted(unread, service, tenant):
            events = await work.delivery.dead_letters(
                tenant, replayed=arguments.replayed, limit=arguments.limit
            )
            found += [EventEntry(service, work, letter) for letter in events]
            waiting = await work.service_dead_letters.waiting(tenant, limit=arguments.limit)
            found += [ServiceEntry(service, work, letter) for letter in waiting]
        for letter in found:
            yield letter


async def _find(arguments: One | Replay, call: AdminCall, identifier: UUID) -> DeadLetterEntry:
    unread: list[dict[str, Any]] = []
    places = await call.platform.places(arguments.service, arguments.tenant)
    for service, work, tenant in places:
        with unreadable_noted(unread, service, tenant):
            with suppress(NotFound):
                letter = await work.delivery.dead_letter(tenant, identifier)
                return EventEntry(service, work, letter)
            own = await work.service_dead_letters.find(tenant, identifier)
            if own is not None:
                return ServiceEntry(service, work, own)
    for service, work in call.platform.works(arguments.service):
        for tenantless in await work.control.dead_letters(limit=MAXIMUM_LETTERS):
            if tenantless.id == identifier and arguments.tenant is None:
                return TenantlessEntry(service, work, tenantless)
    raise not_found(
        f"There is no dead letter {identifier}; `colonnade deadletters list` shows those there"
        " are.",
        unread,
    )


COMMANDS = (
    AdminCommand("deadletters.list", List, list_),
    AdminCommand("deadletters.show", One, show),
    AdminCommand("deadletters.replay", Replay, replay),
    AdminCommand("deadletters.discard", One, discard),
)
