"""Reconfiguration of the gateway: changes taken up at once, and those that need a restart."""

import asyncio
from collections.abc import Callable, Iterator, Sequence

from colonnade_runtime.assembly.declared import Declared
from colonnade_runtime.assembly.reconfiguration import changed_keys, changed_members
from colonnade_runtime.assembly.started_secrets import StartedSecrets
from colonnade_runtime.calls.secret_vault import SecretVault
from colonnade_runtime.declaration import LoadedPlatform, Platform
from colonnade_runtime.declaration.model.placement import Placement, placements
from colonnade_runtime.edge.connections.limits import body_time
from colonnade_runtime.edge.forwarded.origin import TrustedProxies
from colonnade_runtime.edge.http.access_log import access_log_of
from colonnade_runtime.edge.http.cross_origin import CrossOrigin
from colonnade_runtime.edge.openapi.documents import ApiDocuments
from colonnade_runtime.edge.pages.pages import pages_of
from colonnade_runtime.gateway.application import GatewayApplication

TAKEN_UP = frozenset(
    {
        "gateway.connections.body",
        "gateway.connections.minimum_rate",
        "gateway.cors.origins",
        "gateway.docs",
        "gateway.trusted_proxies",
        "logging.access",
        "logging.client_address",
        "logging.format",
        "logging.level",
        "processes",
        "tenants.editable",
        "tenants.folder",
    }
)
"""Keys that this process takes up."""

_OF_OTHERS = ("bus", "policy.", "stores", "supervision.", "workers.")
"""Beginnings of keys that this process does not read; those that read them name them."""


class GatewayReconfiguration:
    """Gives the gateway what it can take up without a restart, all at once.

    `relocate` is told where the processes behind it are declared to be.
    """

    def __init__(
        self,
        declared: Declared,
        gateway: GatewayApplication,
        documents: Callable[[LoadedPlatform], ApiDocuments],
        relocate: Callable[[Sequence[Placement]], None],
        vault: SecretVault,
        secrets: StartedSecrets,
    ) -> None:
        self._vault = vault
        self._secrets = secrets
        self._started = declared.loaded.platform
        self._logging = self._started.logging
        self._gateway = gateway
        self._documents = documents
        self._relocate = relocate

    async def take_up(self, loaded: LoadedPlatform) -> list[str]:
        """Take a declaration up; the keys that need a restart of this process."""
        gateway = loaded.platform.gateway
        resolved = await self._vault.resolved(loaded)
        changed = await asyncio.to_thread(self._secrets.changed, loaded, resolved)
        self._gateway.take_up(
            TrustedProxies(gateway.trusted_proxies), self._documents(loaded), body_time(gateway)
        )
        self._gateway.cross_origin = CrossOrigin.of(loaded)
        self._gateway.pages = pages_of(loaded)
        if loaded.platform.logging != self._logging:
            self._logging = loaded.platform.logging
            self._gateway.log_requests(access_log_of(self._logging))
        self._relocate(placements(loaded.platform))
        restart = [*restart_keys(self._started, loaded.platform), *changed]
        return [key for key in dict.fromkeys(restart) if not key.startswith(_OF_OTHERS)]


def restart_keys(before: Platform, after: Platform) -> Iterator[str]:
    for key in changed_keys(before, after):
        if key not in TAKEN_UP and not key.startswith(_OF_OTHERS):
            yield key
    # The routes of services are looked up once, and so are the plugins that declare them.
    for section in ("services", "plugins"):
        yield from changed_members(section, getattr(before, section), getattr(after, section))
