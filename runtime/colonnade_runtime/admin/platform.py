"""Parts of a running process that admin commands work on."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from colonnade.errors import NotFound
from colonnade.operations import Operation, operation_of
from colonnade_runtime.admin.identity import Identity
from colonnade_runtime.assembly.background import ProcessBackground
from colonnade_runtime.assembly.declared import Declared
from colonnade_runtime.background.background_work import BackgroundWork
from colonnade_runtime.calls.dispatcher import Dispatcher
from colonnade_runtime.calls.tenants import TenantDirectory, TenantEntry
from colonnade_runtime.declaration.model.placement import GATEWAY
from colonnade_runtime.edge.health.endpoints import Health
from colonnade_runtime.plugins.plugin import Plugins
from colonnade_runtime.process.reloading import Reloader
from colonnade_runtime.process.runtime import Runtime

_NAMED = 20


@dataclass(frozen=True, slots=True)
class AdminPlatform:
    """A process that has started: its services' background work, its tenants, its one way in."""

    background: ProcessBackground
    tenants: TenantDirectory
    dispatcher: Dispatcher | None
    """None where no service is hosted."""
    plugins: Plugins
    operations: Mapping[str, Operation]
    """Operation by its subject."""
    identity: Identity

    @classmethod
    def of(cls, runtime: Runtime) -> "AdminPlatform":
        """The parts of a runtime that has started."""
        plugins = runtime.declared.plugins
        found = [
            operation_of(request) for plugin in plugins.every() for request in plugin.operations
        ]
        by_subject = {operation.subject: operation for operation in found}
        identity = Identity(
            runtime.place.name,
            runtime.place.services,
            runtime.edge.health,
            lambda: runtime.reloader.loaded.digest,
            lambda: runtime.policy_revision,
        )
        return cls(
            runtime.background, runtime.tenants, runtime.dispatcher, plugins, by_subject, identity
        )

    @classmethod
    def of_gateway(cls, declared: Declared, health: Health, reloader: Reloader) -> "AdminPlatform":
        """The gateway: it hosts nothing, and says how it is."""
        loaded = declared.loaded
        identity = Identity(GATEWAY, (), health, lambda: reloader.loaded.digest, lambda: "")
        tenants = TenantDirectory(loaded.tenants, loaded.platform.gateway.domain)
        return cls(ProcessBackground(), tenants, None, declared.plugins, {}, identity)

    def tenant(self, name: str) -> TenantEntry:
        """A declared tenant.

        Raises:
            NotFound: no such tenant is declared; the error names some that are.
        """
        if not self.tenants.is_known(name):
            known = ", ".join(self.tenants.ids()[:_NAMED])
            raise NotFound(f"There is no tenant '{name}' (there are: {known}).")
        return self.tenants.entry(name)

    def works(self, service: str | None = None) -> Sequence[tuple[str, BackgroundWork]]:
        """The background work of one service, or of every one that keeps something.

        Raises:
            NotFound: no such service runs here.
        """
        every = self.background.services()
        if service is not None and service not in every:
            known = ", ".join(every)
            raise NotFound(f"No service '{service}' keeps anything here (there are: {known}).")
        names = every if service is None else [service]
        return [(name, work) for name in names if (work := self.background.of(name)) is not None]

    async def places(
        self, service: str | None, tenant: str | None
    ) -> Sequence[tuple[str, BackgroundWork, str]]:
        """Every service and tenant with a store, or those asked for.

        A store that no tenant ever used is not made for the question.

        Raises:
            NotFound: no such service runs here, or no such tenant is declared.
        """
        if tenant is not None:
            self.tenant(tenant)
        return [
            (name, work, provisioned.tenant)
            for name, work in self.works(service)
            for provisioned in await work.control.provisioned()
            if tenant in (None, provisioned.tenant) and self.tenants.is_known(provisioned.tenant)
        ]
