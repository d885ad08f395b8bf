"""Commands on sagas: find them, look at one, let one go on, undo one."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict
from typing import Annotated, Any
from uuid import UUID

import msgspec

from colonnade.errors import NotFound
from colonnade.sagas import Saga, SagaPhase, SagaView
from colonnade_runtime.admin.commands.masking import masked_json
from colonnade_runtime.admin.commands.registry import AdminCall, AdminCommand
from colonnade_runtime.admin.commands.unreadable_stores import not_found, unreadable_noted
from colonnade_runtime.background.background_work import BackgroundWork

Place = tuple[str, BackgroundWork, str]


class List(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The newest `limit` of each service and tenant; in any of `phases`, or in all."""

    service: str | None = None
    tenant: str | None = None
    phases: tuple[SagaPhase, ...] = ()
    name: str | None = None
    limit: Annotated[int, msgspec.Meta(ge=1, le=1000)] = 100


class One(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One saga; `service` and `tenant` make it quicker to find."""

    id: UUID
    service: str | None = None
    tenant: str | None = None
    reveal: bool = False


class Resume(One, frozen=True, forbid_unknown_fields=True):
    """`happened` settles whether the step that it stands at did."""

    happened: bool | None = None


async def list_(arguments: List, call: AdminCall) -> list[dict[str, Any]]:
    """The sagas, without their states; a row with `unread` for each store that fails."""
    places = await call.platform.places(arguments.service, arguments.tenant)
    found: list[dict[str, Any]] = []
    for done, (service, work, tenant) in enumerate(places):
        await call.tell(done, len(places))
        with unreadable_noted(found, service, tenant):
            views = await work.sagas.list(
                tenant, phases=arguments.phases, name=arguments.name, limit=arguments.limit
            )
            found += [_shown(service, view) for view in views]
    return found


async def show(arguments: One, call: AdminCall) -> dict[str, Any]:
    """One saga with its state."""
    (service, _, _), view = await _find(arguments, call)
    shown = _shown(service, view)
    if arguments.reveal:
        return shown | {"state": msgspec.json.decode(view.state)}
    models = {saga.state for saga in _definitions(call, service) if saga.name == view.name}
    return shown | {"state": masked_json(view.state.encode(), models)}


async def resume(arguments: Resume, call: AdminCall) -> dict[str, Any]:
    """Let a saga go on that waits for an operator."""
    (service, work, tenant), _ = await _find(arguments, call)
    view = await work.sagas.resume(tenant, arguments.id, happened=arguments.happened)
    return _shown(service, view)


async def cancel(arguments: One, call: AdminCall) -> dict[str, Any]:
    """Undo a saga whose pivot has not happened."""
    (service, work, tenant), _ = await _find(arguments, call)
    return _shown(service, await work.sagas.cancel(tenant, arguments.id))


async def _find(arguments: One, call: AdminCall) -> tuple[Place, SagaView]:
    unread: list[dict[str, Any]] = []
    places = await call.platform.places(arguments.service, arguments.tenant)
    for done, place in enumerate(places):
        await call.tell(done, len(places))
        service, work, tenant = place
        with unreadable_noted(unread, service, tenant), suppress(NotFound):
            return place, await work.sagas.show(tenant, arguments.id)
    raise not_found(
        f"There is no saga {arguments.id}; `colonnade sagas list` shows those there are.", unread
    )


def _definitions(call: AdminCall, service: str) -> Sequence[Saga]:
    return call.platform.plugins.services[service].sagas


def _shown(service: str, view: SagaView) -> dict[str, Any]:
    shown = {"service": service, **asdict(view)}
    del shown["state"]
    return shown


COMMANDS = (
    AdminCommand("sagas.list", List, list_),
    AdminCommand("sagas.show", One, show),
    AdminCommand("sagas.resume", Resume, resume),
    AdminCommand("sagas.cancel", One, cancel),
)
