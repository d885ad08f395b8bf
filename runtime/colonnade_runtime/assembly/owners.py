"""Sign-in of academies' owners, as the service that keeps their accounts knows it."""

import asyncio
import importlib
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import structlog

from colonnade.context import Context, Principal, use_context
from colonnade.errors import ColonnadeError
from colonnade.services import OwnerStanding
from colonnade_runtime.assembly.services import Services

_log = structlog.get_logger("colonnade")

SECONDS = 20.0
"""Seconds for all academies together; later answers are left out."""


async def owner_standings(
    services: Services, tenants: Sequence[str]
) -> Mapping[str, OwnerStanding]:
    """Tenant → how its owner signs in, where it can be told.

    A store that is not there yet is made, so a password that is made up is printed before this
    answers.
    """
    found: dict[str, OwnerStanding] = {}
    try:
        async with asyncio.timeout(SECONDS):
            for service, name in _tellers(services):
                for tenant in tenants:
                    standing = await _standing(services, service, name, tenant)
                    if standing is not None:
                        found[tenant] = standing
    except TimeoutError:
        _log.warning("owners not looked up in time", seconds=SECONDS)
    return found


def _tellers(services: Services) -> Iterator[tuple[str, str]]:
    for service in services.contexts:
        need = services.plugins.services[service].stores
        if need is not None and need.owner_standing is not None:
            yield service, need.owner_standing


async def _standing(
    services: Services, service: str, name: str, tenant: str
) -> OwnerStanding | None:
    context = services.contexts[service]
    module, _, function = name.partition(":")
    tell: Any = getattr(importlib.import_module(module), function)
    deadline = services.clock.now().timestamp() + SECONDS
    acting = Context(tenant, Principal.service(service), deadline, f"banner-{tenant}")
    declared = services.passwords.declared(services.tenants.entry(tenant).tenant)
    try:
        with use_context(acting):
            standing: OwnerStanding | None = await tell(context, declared)
    except ColonnadeError as error:
        _log.warning("owner not looked up", tenant=tenant, why=error.message)
        return None
    return standing
