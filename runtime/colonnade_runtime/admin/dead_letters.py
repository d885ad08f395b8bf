"""Commands on dead letters, those of tenants and those that name no tenant known here."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Annotated, Any
from uuid import UUID

import msgspec

from colonnade.control_store import TenantlessDeadLetter
from colonnade.errors import ColonnadeError, NotFound
from colonnade.events import Envelope, event_type_of
from colonnade_runtime.admin.commands import AdminCall, AdminCommand
from colonnade_runtime.admin.masking import masked_json
from colonnade_runtime.background import BackgroundWork
from colonnade_runtime.events.dead_letters import DeadLetter

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


@dataclass(frozen=True, slots=True)
class _Found:
    service: str
    work: BackgroundWork
    letter: DeadLetter | TenantlessDeadLetter

    async def replay(self) -> None:
        if isinstance(self.letter, DeadLetter):
            await self.work.delivery.replay(self.letter.tenant, self.letter.id)
            return
        await self.work.delivery.deliver_again(self.letter.source, self.letter.payload)
        await self.work.control.discard_dead_letter(self.letter.id)

    async def discard(self) -> None:
        if isinstance(self.letter, DeadLetter):
            await self.work.delivery.discard(self.letter.tenant, self.letter.id)
        else:
            await self.work.control.discard_dead_letter(self.letter.id)


async def list_(arguments: List, call: AdminCall) -> list[dict[str, Any]]:
    """The letters, without what is in them."""
    return [_shown(found) async for found in _letters(arguments, call)]


async def show(arguments: One, call: AdminCall) -> dict[str, Any]:
    """One letter with its event; personal data stays hidden unless revealed."""
    found = await _find(arguments, call, arguments.id)
    data = found.letter.envelope if isinstance(found.letter, DeadLetter) else found.letter.payload
    return _shown(found) | {"event": _event(data, call, reveal=arguments.reveal)}


async def replay(arguments: Replay, call: AdminCall) -> list[dict[str, Any]]:
    """Deliver each once more; one that fails again stays, and the others go on."""
    if arguments.ids:
        chosen = [await _find(arguments, call, identifier) for identifier in arguments.ids]
    else:
        wanted = List(arguments.service, arguments.tenant, limit=1000)
        chosen = [found async for found in _letters(wanted, call)]
    outcomes = []
    for done, found in enumerate(chosen):
        await call.tell(done, len(chosen))
        error = None
        try:
            await found.replay()
        except ColonnadeError as failure:
            error = failure.message
        outcomes.append({"id": found.letter.id, "replayed": error is None, "error": error})
    return outcomes


async def discard(arguments: One, call: AdminCall) -> dict[str, Any]:
    """Remove one letter; its event counts as handled."""
    found = await _find(arguments, call, arguments.id)
    await found.discard()
    return _shown(found)


async def _letters(arguments: List, call: AdminCall) -> AsyncIterator[_Found]:
    if arguments.tenant is None:
        for service, work in call.platform.works(arguments.service):
            for tenantless in await work.control.dead_letters(limit=arguments.limit):
                yield _Found(service, work, tenantless)
    places = await call.platform.places(arguments.service, arguments.tenant)
    for done, (service, work, tenant) in enumerate(places):
        await call.tell(done, len(places))
        for letter in await work.delivery.dead_letters(
            tenant, replayed=arguments.replayed, limit=arguments.limit
        ):
            yield _Found(service, work, letter)


async def _find(arguments: One | Replay, call: AdminCall, identifier: UUID) -> _Found:
    places = await call.platform.places(arguments.service, arguments.tenant)
    for service, work, tenant in places:
        try:
            return _Found(service, work, await work.delivery.dead_letter(tenant, identifier))
        except NotFound:
            continue
    for service, work in call.platform.works(arguments.service):
        for letter in await work.control.dead_letters(limit=MAXIMUM_LETTERS):
            if letter.id == identifier and arguments.tenant is None:
                return _Found(service, work, letter)
    raise NotFound(
        f"There is no dead letter {identifier}; `colonnade deadletters list` shows those there are."
    )


def _shown(found: _Found) -> dict[str, Any]:
    letter = found.letter
    if isinstance(letter, TenantlessDeadLetter):
        return {
            "id": letter.id,
            "service": found.service,
            "tenant": None,
            "consumer": letter.source,
            "type": None,
            "event_id": None,
            "error": letter.error,
            "attempts": 0,
            "created_at": letter.created_at,
            "replayed_at": None,
        }
    return {
        "id": letter.id,
        "service": found.service,
        "tenant": letter.tenant,
        "consumer": letter.consumer,
        "type": letter.type,
        "event_id": letter.event_id,
        "error": letter.error,
        "attempts": letter.attempts,
        "created_at": letter.created_at,
        "replayed_at": letter.replayed_at,
    }


def _event(data: bytes, call: AdminCall, *, reveal: bool) -> Any:
    try:
        envelope = Envelope.decode(data)
    except (msgspec.MsgspecError, ValueError):
        return repr(data) if reveal else f"{len(data)} bytes that are no event"
    shown: dict[str, Any] = msgspec.json.decode(data)
    if reveal:
        return shown
    models = {
        model
        for plugin in call.platform.plugins.every()
        for model in plugin.call("events") or ()
        if event_type_of(model).type == envelope.type
    }
    return shown | {"data": masked_json(bytes(envelope.data), models)}


COMMANDS = (
    AdminCommand("deadletters.list", List, list_),
    AdminCommand("deadletters.show", One, show),
    AdminCommand("deadletters.replay", Replay, replay),
    AdminCommand("deadletters.discard", One, discard),
)
