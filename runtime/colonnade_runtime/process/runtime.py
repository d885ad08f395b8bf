"""Turns a declaration into a running process, and back into nothing, in stages.

Start: configuration, listener (503), secrets, policies, stores, bus, services in dependency order,
ready.
Stop, in reverse: not ready, stop accepting, drain, bus, leases, close.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from typing import TypeVar

import click
import structlog

from colonnade.adapters import Discovery, Instance
from colonnade.bus import Bus
from colonnade.context import ContextSigner
from colonnade.messages import Message, Request
from colonnade.policy import MemoisedPolicy, PolicyBundle, PolicyCounters
from colonnade.services import Authenticator, HealthCheck, OwnerStanding, ServiceContext
from colonnade_runtime.assembly.declared import Declared
from colonnade_runtime.assembly.dependencies import ProcessDependencies
from colonnade_runtime.assembly.owners import owner_standings
from colonnade_runtime.assembly.policies import (
    policies_without_effect,
    policy_bundle,
    refuse_lost_overrides,
    report_without_effect,
)
from colonnade_runtime.assembly.reconfiguration import configs_of, reconfiguration
from colonnade_runtime.assembly.schemas import StoreSchemas
from colonnade_runtime.assembly.services import Services
from colonnade_runtime.assembly.signing import check_signing_key, signing_key
from colonnade_runtime.assembly.started_secrets import StartedSecrets
from colonnade_runtime.assembly.stores import Stores
from colonnade_runtime.background.events.principal_events import observe_principals
from colonnade_runtime.calls.dispatcher import Dispatcher
from colonnade_runtime.calls.operation_metrics import OperationMetrics
from colonnade_runtime.calls.row_cache import RowCache
from colonnade_runtime.calls.secret_vault import SecretVault
from colonnade_runtime.calls.service_context import OwnerPasswords
from colonnade_runtime.calls.tenants import TenantDirectory
from colonnade_runtime.declaration import LoadedPlatform
from colonnade_runtime.declaration.model.placement import EVERYTHING, Placement, placement_of
from colonnade_runtime.edge.connections.limits import body_time
from colonnade_runtime.edge.forwarded.origin import TrustedProxies
from colonnade_runtime.edge.forwarded.seal import Seal
from colonnade_runtime.edge.health.endpoints import Health, open_paths
from colonnade_runtime.edge.http.access_log import access_log_of
from colonnade_runtime.edge.http.authentication import Authentication
from colonnade_runtime.edge.http.cross_origin import CrossOrigin
from colonnade_runtime.edge.listening import NOTICE_SECONDS
from colonnade_runtime.edge.pages.pages import Pages
from colonnade_runtime.observability.redaction import hosts_in
from colonnade_runtime.plugins.plugin import Plugin
from colonnade_runtime.process.metrics import (
    ProcessCollector,
    RowCacheCollector,
    StoresCollector,
    WorkersCollector,
)
from colonnade_runtime.process.reloading import Reloader
from colonnade_runtime.process.tenant_file_editor import TenantFileEditor
from colonnade_runtime.resilience.waiting import until_available

ResponseT = TypeVar("ResponseT", bound=Message)

_POLICY_MEND = (
    "Start the policy server, or take away what others put on it, and close it to them; "
    "until then what is not remembered is refused."
)
_DISCOVERY_MEND = "Start what keeps the list of processes; until then the last one holds."

LAST_SECONDS = 1.0
"""Seconds that each step of stopping gets even when shutdown.drain is used up."""


class Runtime:
    """One process of a platform. `edge` answers at once, with 503 until `start` is done."""

    def __init__(
        self,
        declared: Declared,
        *,
        place: Placement | None = None,
        announce: Callable[[str], None] = click.echo,
        dependencies: ProcessDependencies | None = None,
    ) -> None:
        self.declared = declared
        self._loaded = declared.loaded
        self._plugins = declared.plugins
        self._platform = declared.loaded.platform
        self.place = place or placement_of(self._platform, None)
        self._announce = announce
        self._dependencies = dependencies or ProcessDependencies()
        self._clock = self._dependencies.clock
        self._log = structlog.get_logger("colonnade")
        self._stack = AsyncExitStack()
        self.bus: Bus | None = None
        self._discovery: Discovery | None = None
        self._stopping = False
        self.background = self._dependencies.background()
        access_log = access_log_of(self._platform.logging)
        self.edge = self._dependencies.edge(
            Health(
                self._log,
                open_paths(self.place, production=self._platform.is_production),
                hosts_in(self._platform.model_dump(mode="json")),
            ),
            self._log,
            access_log,
            body_time(self._platform.gateway),
        )
        self.edge.tells_caller = self.place.process != EVERYTHING
        self._let_in(self._loaded)
        faults = self.edge.health.faults
        self.reloader = Reloader(declared, self._take_up, self._log, faults.of("platform"))
        self.policy: MemoisedPolicy | None = None
        self._policies = PolicyBundle(())
        section = self._platform.workers
        self._workers = self._dependencies.workers(
            section.processes, section.waiting, int(section.memory)
        )
        registry = self.edge.health.registry
        registry.register(ProcessCollector(self._policy_counters, self.background.works))
        registry.register(WorkersCollector(self._workers))
        self._operations = OperationMetrics(registry)
        self.edge.health.look = self.background.look
        self._vault = SecretVault(declared.plugins.adapters("secret_resolvers"))
        # Behind a process in front, people come in there.
        alone = self.place.process == EVERYTHING
        port = self.place.port if alone else self._platform.gateway.port
        domain = self._platform.gateway.domain
        self.tenants = TenantDirectory(
            declared.loaded.tenants,
            domain,
            port,
            maximum_body=int(self._platform.gateway.max_body),
            editable=self._platform.tenants.editable,
        )
        self._adapters = self._dependencies.adapters(
            self._loaded,
            self._plugins,
            self._vault,
            self._clock,
            self.tenants.is_known,
            self.place.name,
            self.place.replicas,
            self.edge.health.faults.of,
        )
        self._schemas = StoreSchemas(self.tenants, self.background, self._clock, self._log)
        self._configs = configs_of(self._loaded)
        self.stores = Stores(self._platform, self._adapters, self._stack)
        registry.register(StoresCollector(self.stores.figures))
        self._cache = RowCache(int(self._platform.gateway.row_cache))
        registry.register(RowCacheCollector(self._cache))

    async def start(self) -> None:
        """Go through the stages until ready; on failure, undo what was done.

        Raises:
            ConfigurationError: when what is declared cannot run.
        """
        try:
            await self._start()
        except BaseException:
            await self.stop()
            raise

    async def _start(self) -> None:
        stage = self.edge.health.stage
        stage.starting = "secrets"
        await self._start_secrets()
        stage.starting = "policies"
        policy = self.policy = await self._start_policy()
        stage.starting = "stores"
        await self._start_stores()
        stage.starting = "bus"
        bus = await self._start_bus()
        authenticators: list[Authenticator] = []
        key = signing_key(self._loaded, self._vault)
        self._started_secrets = StartedSecrets(self._loaded, self._resolved)
        services = self._connect(bus, policy, key, authenticators)
        for name in self._plugins.start_order:
            stage.starting = f"service {name}"
            plugin = self._plugins.services[name]
            if name not in self.place.services:
                # Who calls is found out wherever they call; the rest of it is hosted elsewhere.
                ctx = services.elsewhere(plugin)
                authenticators.extend(await self._authenticators(bus, plugin, ctx))
                continue
            ctx = await services.add(plugin)
            authenticators.extend(await self._authenticators(bus, plugin, ctx))
            self.edge.health.checks.add(_named_checks(name, plugin, ctx))
        stage.starting = "migrations"
        await self._schemas.migrate()
        await self.background.start()
        self._open(services)
        await self._announce_place()
        if self._platform.tenants.watch:
            self.reloader.start()
            self._stack.push_async_callback(self.reloader.stop)
        self._stack.push_async_callback(self._schemas.stop)
        self._schemas.make_new()
        stage.started()

    def _connect(
        self, bus: Bus, policy: MemoisedPolicy, key: bytes, authenticators: list[Authenticator]
    ) -> Services:
        """The one way in, and the services behind it, none of which stands yet."""
        signer = ContextSigner(key)
        self.edge.proxies = self._trusted_proxies(key)
        self._dispatcher = Dispatcher(
            bus,
            policy,
            self.tenants,
            signer,
            self._log,
            self._cache,
            self._operations,
            self._dependencies.epoch,
            {name: float(each.timeout) for name, each in self._platform.services.items()},
            {name: each.per_day for name, each in self._platform.services.items()},
        )
        self._authentication = Authentication(authenticators)
        self._hosted = self._services(bus)
        return self._hosted

    async def _authenticators(
        self, bus: Bus, plugin: Plugin, ctx: ServiceContext
    ) -> Sequence[Authenticator]:
        """Authenticators of a plugin, which from now on are told of changes to principals."""
        found = plugin.authenticators(ctx)
        await observe_principals(
            bus,
            ctx.name,
            plugin.principal_events,
            found,
            is_known=self.tenants.is_known,
            clock=self._clock,
            log=self._log,
        )
        return found

    async def stop(self) -> None:
        """Stop taking requests, let what runs end within the declared time, close everything.

        A step that fails is logged, and the next one is taken; a second call does nothing.
        """
        if self._stopping:
            return
        self._stopping = True
        if self._discovery is not None:
            await self._discovery.close(LAST_SECONDS)
        self.edge.health.stage.stopping = "the platform is stopping"
        self.edge.close()
        if self.place.process != EVERYTHING:
            # The gateway, which answers for this one, learns of it before it is gone.
            await asyncio.sleep(NOTICE_SECONDS)
        loop = asyncio.get_running_loop()
        until = loop.time() + float(self._platform.shutdown.drain)

        def left() -> float:
            return max(LAST_SECONDS, until - loop.time())

        for step in (
            self.edge.health.checks.stop,
            self.edge.health.degradations.stop,
            lambda: self.edge.drained(left()),
            lambda: self.background.drain(left()),
            # Before the leases go back: until the bus has stopped, reactions may still commit.
            lambda: self._stop_bus(left()),
            self.background.release,
            self._stack.aclose,
            self.edge.finish,
        ):
            try:
                await step()
            except Exception:
                self._log.exception("a step of stopping failed; the next one follows")

    async def _stop_bus(self, seconds: float) -> None:
        if self.bus is not None:
            await self.bus.stop(seconds)

    @property
    def dispatcher(self) -> Dispatcher:
        """The one way in to the services, once `start` is done."""
        return self._dispatcher

    @property
    def services(self) -> Services:
        """The services that this process hosts, once `start` is done."""
        return self._hosted

    async def ask(self, request: Request[ResponseT]) -> ResponseT:
        """Ask an operation as whoever is current; what runs beside the services does.

        Raises:
            ColonnadeError: as the operation declares.
        """
        return await self._dispatcher.ask(request)

    async def _take_up(self, loaded: LoadedPlatform) -> list[str]:
        """Secrets, policies, tenants and configuration of a new declaration; all or none."""
        started = self.declared.loaded.platform
        entries = self.tenants.prepared(loaded.tenants, loaded.platform.tenants.editable)
        changes = reconfiguration(started, self._configs, self._plugins, loaded)
        resolved = await self._vault.resolved(loaded)
        check_signing_key(loaded, self._vault.holding(resolved))
        changed = await asyncio.to_thread(self._started_secrets.changed, loaded, resolved)
        bundle = policy_bundle(loaded, self._plugins, self.place.services)
        refuse_lost_overrides(self._policies, bundle)
        without_effect = await self._without_effect(loaded, bundle)
        policy = self.policy
        if policy is not None and bundle.revision != policy.revision:
            await policy.load(bundle)
            self._policies = bundle
            self._log.info("policies loaded", revision=bundle.revision)
        # From here on nothing can fail, and nothing is awaited: no request sees a half of it.
        self._vault.swap(resolved)
        report_without_effect(self.edge.health.faults.of("platform"), without_effect)
        self.tenants.swap(entries)
        self._let_in(loaded)
        self.edge.health.faults.forget_tenants(self.tenants.is_known)
        self._schemas.make_new()
        self._configs.update(changes.configs)
        self._hosted.reconfigure(changes.configs)
        if policy is not None:
            policy.longest = loaded.platform.policy.memory
        if loaded.platform.logging != self.reloader.loaded.platform.logging:
            self.edge.log_requests(access_log_of(loaded.platform.logging))
        return list(dict.fromkeys([*changes.restart, *changed]))

    def _let_in(self, loaded: LoadedPlatform) -> None:
        """Let the declared origins in, where requests come first."""
        if self.place.process == EVERYTHING:
            self.edge.cross_origin = CrossOrigin.of(loaded)

    @property
    def policy_revision(self) -> str:
        """Revision of the policies in force; empty before there are any."""
        return "" if self.policy is None else self.policy.revision or ""

    def _policy_counters(self) -> PolicyCounters | None:
        return None if self.policy is None else self.policy.counters

    async def _start_secrets(self) -> None:
        resolved = await self._vault.resolved(self._loaded)
        for problem in resolved.unset:
            self._log.warning("a secret is not set", problem=str(problem))
        self._vault.swap(resolved)
        self._resolved = resolved

    def _trusted_proxies(self, signing_key: bytes) -> TrustedProxies:
        """One process that hosts everything has none in front of it that could seal anything."""
        alone = self.place.process == EVERYTHING
        networks = self._platform.gateway.trusted_proxies
        return TrustedProxies(networks, None if alone else Seal(signing_key))

    async def _start_policy(self) -> MemoisedPolicy:
        policy = MemoisedPolicy(
            self._adapters.policy_engine(),
            longest=self._platform.policy.memory,
            clock=self._clock,
            random=self._dependencies.random(),
        )
        self._stack.push_async_callback(policy.close)
        bundle = policy_bundle(self._loaded, self._plugins, self.place.services)
        found = await self._without_effect(self._loaded, bundle)
        report_without_effect(self.edge.health.faults.of("platform"), found)
        stage = self.edge.health.stage
        await until_available("policy engine", lambda: policy.load(bundle), stage, self._log)
        self._policies = bundle
        self.edge.health.degradations.add([HealthCheck("policy", policy.check, _POLICY_MEND)])
        return policy

    async def _without_effect(self, loaded: LoadedPlatform, bundle: PolicyBundle) -> list[str]:
        folder = loaded.policies_folder
        return await asyncio.to_thread(
            policies_without_effect, folder, self._plugins, bundle.modules
        )

    async def _start_stores(self) -> None:
        wanted = {
            name: ("blobs",) if plugin.stores is None else ("sql", "blobs")
            for name, plugin in self._plugins.services.items()
            if name in self.place.services
        }
        await self.stores.start(wanted)
        self.edge.health.checks.add(self.stores.health_checks())

    async def _start_bus(self) -> Bus:
        bus = self._adapters.bus()
        await until_available("bus", bus.start, self.edge.health.stage, self._log)
        self.bus = bus
        self.edge.health.degradations.add(
            [HealthCheck("bus", bus.check, "Start the broker; nothing else is to be done.")]
        )
        return bus

    async def _announce_place(self) -> None:
        """Say where this process answers, where others are to find out."""
        discovery = None if self.place.process == EVERYTHING else self._adapters.discovery()
        if discovery is None:
            return
        self._discovery = discovery
        services = self.place.services

        async def begin() -> None:
            await discovery.start(services)
            await discovery.announce(Instance(self.place.name, self.place.url, services))

        await until_available("discovery", begin, self.edge.health.stage, self._log)
        self.edge.health.degradations.add(
            [HealthCheck("discovery", discovery.check, _DISCOVERY_MEND)]
        )

    async def owner_standings(self, tenants: Sequence[str]) -> Mapping[str, OwnerStanding]:
        """Sign-in of these academies' owners, as far as this process can tell."""
        return await owner_standings(self._hosted, tenants)

    def _services(self, bus: Bus) -> Services:
        self._stack.push_async_callback(self._workers.stop)
        return Services(
            process=self.place.name,
            shared=self.place.replicas > 1,
            loaded=self._loaded,
            plugins=self._plugins,
            tenants=self.tenants,
            clock=self._clock,
            random=self._dependencies.random,
            bus=bus,
            dispatcher=self._dispatcher,
            stores=self.stores,
            authentication=self._authentication,
            vault=self._vault,
            passwords=OwnerPasswords(
                production=self._platform.is_production,
                vault=self._vault,
                announce=self._announce,
            ),
            workers=self._workers,
            epoch=self._dependencies.epoch,
            background=self.background,
            schemas=self._schemas,
            faults=self.edge.health.faults,
            background_settings=self._dependencies.background_settings,
            stack=self._stack,
            change_declaration=TenantFileEditor(self.declared, self.reloader, self._log).change,
        )

    def _shows_docs(self) -> bool:
        """True when documents are served: behind the gateway, which describes everything, only
        on request."""
        section = self._platform.processes.get(self.place.process)
        return self._platform.gateway.docs if section is None else section.gateway.docs

    def _open(self, services: Services) -> None:
        if self.place.process == EVERYTHING:
            self.edge.pages = Pages(self.tenants, docs=self._shows_docs())
        self.edge.open(
            services.routes(self.place.services),
            services.pages(self.place.services),
            self._dispatcher,
            self.tenants,
            self._authentication,
            maximum_body=int(self._platform.gateway.max_body),
            timeout=float(self._platform.gateway.timeout),
            docs=self._shows_docs(),
            filters=[each for plugin in self._plugins.every() for each in plugin.gateway_filters],
        )


def _named_checks(service: str, plugin: Plugin, ctx: ServiceContext) -> list[HealthCheck]:
    checks = plugin.health_checks(ctx)
    return [
        HealthCheck(f"service {service}: {each.name}", each.check, each.mend) for each in checks
    ]
