"""Turns a declaration into a running process, and back into nothing, in stages.

Start: configuration, listener (503), policies, stores, bus, services in dependency order, ready.
Stop, in reverse: not ready, stop accepting, drain, close.
"""

import contextvars
import os
import secrets
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from types import ModuleType
from typing import Any, NoReturn, TypeVar

import click
import structlog

from colonnade.blobs import BlobStore
from colonnade.bus import Bus
from colonnade.clock import SystemClock
from colonnade.context import ContextSigner
from colonnade.errors import ConfigurationError
from colonnade.events import event_type_of, reactions_of
from colonnade.messages import Message, Request
from colonnade.operations import handlers_of, operation_of
from colonnade.policy import MemoisedPolicy, PolicyBundle
from colonnade.services import ServiceContext
from colonnade.store import SqlStore
from colonnade_runtime.adapters.blobs.local import LocalBlobStore
from colonnade_runtime.adapters.bus import bus_adapters
from colonnade_runtime.adapters.policy.embedded import embedded_policy
from colonnade_runtime.adapters.policy.files import read_policies
from colonnade_runtime.adapters.store import store_adapters
from colonnade_runtime.background import BackgroundTasks, BackgroundWork
from colonnade_runtime.declaration import LoadedPlatform, load_platform, load_platform_outline
from colonnade_runtime.dispatcher import Dispatcher, guard_commit
from colonnade_runtime.events.acting import Actor
from colonnade_runtime.events.ports import Standing
from colonnade_runtime.gateway.application import Gateway
from colonnade_runtime.gateway.authentication import Authentication
from colonnade_runtime.gateway.health import Health
from colonnade_runtime.plugin_loader import Plugin, Plugins, discover_plugins
from colonnade_runtime.reloading import Reloader
from colonnade_runtime.sagas.binding import bind_sagas
from colonnade_runtime.scheduler import bind_schedules
from colonnade_runtime.service_context import WORKERS, OwnerPasswords, RuntimeServiceContext
from colonnade_runtime.tenants import TenantDirectory

ResponseT = TypeVar("ResponseT", bound=Message)

PROCESS = "main"
"""The process that hosts everything when the declaration names none."""


@dataclass(frozen=True, slots=True)
class Declared:
    """A whole declaration, read and checked: what will run."""

    path: Path
    settings: tuple[str, ...]
    loaded: LoadedPlatform
    plugins: Plugins


def read_declaration(
    path: Path, settings: Sequence[str] = (), *, extra: Sequence[ModuleType] = ()
) -> Declared:
    """Read `platform.yaml`, the tenants and the plugins they name.

    Raises:
        DeclarationError: with everything that is wrong in the files.
        ConfigurationError: when a plugin is missing or broken.
    """
    outline = load_platform_outline(path, settings=settings)
    plugins = discover_plugins(outline, extra=extra)
    loaded = load_platform(
        path,
        settings=settings,
        config_models=plugins.config_models(),
        tenant_config_models=plugins.tenant_config_models(),
        extension_config_models=plugins.extension_config_models(),
    )
    return Declared(path, tuple(settings), loaded, plugins)


class Runtime:
    """One process of a platform. `gateway` answers at once, with 503 until `start` is done."""

    def __init__(self, declared: Declared, *, announce: Callable[[str], None] = click.echo) -> None:
        self._loaded = declared.loaded
        self._plugins = declared.plugins
        self._log = structlog.get_logger("colonnade")
        self.reloader = Reloader(
            declared.path,
            declared.settings,
            declared.loaded,
            declared.plugins,
            self._take_up,
            self._log,
        )
        self._platform = declared.loaded.platform
        self._announce = announce
        self._clock = SystemClock()
        self._stack = AsyncExitStack()
        self._background: dict[str, BackgroundWork] = {}
        access = structlog.get_logger("access") if self._platform.logging.access else None
        self.gateway = Gateway(Health(), self._log, access)
        self.tenants = TenantDirectory(declared.loaded.tenants, self._platform.gateway.domain)

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
        waiting = self.gateway.health.waiting_for
        waiting["start"] = "policies"
        policy = await self._policies()
        waiting["start"] = "bus"
        bus = await self._bus()
        signer = ContextSigner(secrets.token_bytes(32))
        self._dispatcher = Dispatcher(bus, policy, self.tenants, signer, self._log)
        self._workers = ThreadPoolExecutor(WORKERS, thread_name_prefix="worker")
        self._stack.callback(self._workers.shutdown, wait=False)
        authenticators: list[Any] = []
        self._authentication = Authentication(authenticators)
        waiting["start"] = "stores and services"
        for name in self._plugins.start_order:
            plugin = self._plugins.services[name]
            ctx = await self._service(plugin, bus)
            authenticators.extend(plugin.call("authenticators", ctx=ctx) or ())
        for work in self._background.values():
            await work.listen()
        for work in self._background.values():
            await work.start()
        self._open()
        if self._platform.tenants.watch:
            self.reloader.start()
            self._stack.push_async_callback(self.reloader.stop)
        waiting.clear()

    async def _take_up(self, loaded: LoadedPlatform) -> None:
        """Policies and tenants of a new declaration; both or neither."""
        entries = self.tenants.prepared(loaded.tenants)
        bundle = policy_bundle(loaded, self._plugins)
        if bundle.revision != self._policy.revision:
            await self._policy.load(bundle)
        self.tenants.swap(entries)

    async def ask(self, request: Request[ResponseT]) -> ResponseT:
        """Ask an operation as whoever is current; what runs beside the services does.

        Raises:
            ColonnadeError: as the operation declares.
        """
        return await self._dispatcher.ask(request)

    async def stop(self) -> None:
        """Stop taking requests, let what runs end within the declared time, close everything."""
        self.gateway.health.waiting_for["stop"] = "the platform is stopping"
        self.gateway.close()
        drain = float(self._platform.shutdown.drain)
        await self.gateway.drained(drain)
        for work in self._background.values():
            await work.quiesce()
        for work in self._background.values():
            await work.drain(drain)
        await self._stack.aclose()

    async def _policies(self) -> MemoisedPolicy:
        address = self._platform.policy.engine
        if address.scheme != "embedded":
            raise self._no_adapter(("policy", "engine"), address.scheme, ["embedded"])
        policy = MemoisedPolicy(embedded_policy(address.url))
        self._stack.push_async_callback(policy.close)
        await policy.load(policy_bundle(self._loaded, self._plugins))
        self._policy = policy
        return policy

    async def _bus(self) -> Bus:
        address = self._platform.bus
        factory = bus_adapters().get(address.scheme)
        if factory is None:
            raise self._no_adapter(("bus",), address.scheme, bus_adapters())
        bus = factory()
        await bus.start()
        self._stack.push_async_callback(bus.stop, float(self._platform.shutdown.drain))
        return bus

    def _no_adapter(self, place: tuple[str, ...], scheme: str, known: Any) -> ConfigurationError:
        message = f"no adapter is installed for '{scheme}:' (known: {', '.join(sorted(known))})"
        return ConfigurationError(str(self._loaded.origins.problem(place, message)))

    async def _service(self, plugin: Plugin, bus: Bus) -> ServiceContext:
        name = plugin.info.service or plugin.name
        log = structlog.get_logger(name)
        sections = self._platform.store_of(name)
        need = plugin.call("stores")
        holder: list[ServiceContext] = []
        store: Any = _NoStore(name)
        control = None
        if need is not None and sections.sql is not None:
            stores = self._sql_stores(sections.sql.url)
            store = stores.store(
                name,
                need,
                service_context=lambda: holder[0],
                guard=guard_commit,
                on_published=lambda tenant: self._wake(name, tenant),
            )
            control = stores.control(name)
        ctx = self._context(plugin, name, store, await self._blobs(name), log)
        holder.append(ctx)
        created = plugin.call("create_service", ctx=ctx)
        objects = await self._stack.enter_async_context(created) if created is not None else ()
        await self._host(plugin, objects)
        if control is not None:
            tasks = BackgroundTasks(
                reactions_of(objects),
                bind_sagas(plugin.call("sagas") or (), objects),
                bind_schedules(plugin.call("schedules") or (), objects),
            )
            _check_subscriptions(plugin, tasks)
            work = BackgroundWork(
                tasks, store, control, bus, partial(self._standing, name), PROCESS, Actor(name), log
            )
            self._background[name] = work
            self._stack.push_async_callback(work.release)
        return ctx

    def _standing(self, service: str, tenant: str) -> Standing:
        return self.tenants.standing(tenant, service)

    def _wake(self, service: str, tenant: str) -> None:
        work = self._background.get(service)
        if work is not None:
            # In an empty context: what is woken outlives the call, and must not carry on as it.
            contextvars.Context().run(work.wake, tenant)

    def _sql_stores(self, url: str) -> Any:
        if not hasattr(self, "_stores"):
            self._stores: dict[str, Any] = {}
        if url not in self._stores:
            scheme = url.partition(":")[0]
            factory = store_adapters().get(scheme)
            if factory is None:
                raise self._no_adapter(("stores",), scheme, store_adapters())
            stores = factory(url, self._loaded.root, self._clock, self.tenants.is_known)
            self._stores[url] = stores
            self._stack.push_async_callback(stores.close)
        return self._stores[url]

    def _context(
        self, plugin: Plugin, name: str, store: SqlStore, blobs: BlobStore, log: Any
    ) -> RuntimeServiceContext:
        passwords = OwnerPasswords(
            production=self._platform.is_production,
            environ=dict(os.environ),
            announce=self._announce,
        )
        return RuntimeServiceContext(
            name=name,
            config=self._loaded.config_of(name),
            store=store,
            blobs=blobs,
            clock=self._clock,
            log=log,
            dispatcher=self._dispatcher,
            tenants=self.tenants,
            passwords=passwords,
            workers=self._workers,
            may_ask=frozenset({name, *plugin.info.requires}),
            forget_principal=self._authentication.forget,
            extension_answers=self._extension_answers,
        )

    async def _blobs(self, service: str) -> LocalBlobStore:
        """The service's files; what a killed process left half written is swept away."""
        address = self._platform.store_of(service).blobs
        if address is not None and address.scheme != "file":
            raise self._no_adapter(("stores",), address.scheme, ["file"])
        folder = "var/blobs" if address is None else address.url.partition(":")[2]
        blobs = LocalBlobStore(self._loaded.root / folder, service)
        await blobs.prepare()
        self._stack.push_async_callback(blobs.close)
        return blobs

    def _extension_answers(self, hook: str, arguments: dict[str, Any]) -> Sequence[Any]:
        answers = (p.call(hook, **arguments) for p in self._plugins.extensions.values())
        return [answer for answer in answers if answer is not None]

    async def _host(self, plugin: Plugin, objects: Sequence[object]) -> None:
        offered = {operation_of(request).request for request in plugin.call("operations") or ()}
        found = [bound for item in objects for bound in handlers_of(item)]
        handled = {bound.operation.request for bound in found}
        for request in offered ^ handled:
            problem = "has no handler" if request in offered else "is handled but not offered"
            raise ConfigurationError(f"Plugin {plugin}: operation {request.__name__} {problem}.")
        for bound in found:
            await self._dispatcher.host(bound)

    def _open(self) -> None:
        routes = [
            route
            for name in self._plugins.start_order
            for route in self._plugins.services[name].call("http_routes") or ()
        ]
        self.gateway.open(
            routes,
            self._dispatcher,
            self.tenants,
            self._authentication,
            maximum_body=int(self._platform.gateway.max_body),
            timeout=float(self._platform.gateway.timeout),
        )


def policy_bundle(loaded: LoadedPlatform, plugins: Plugins) -> PolicyBundle:
    """The policies of a platform, and the actions that they must know.

    Raises:
        PolicyError: when a file cannot be read.
    """
    brought: dict[str, str] = {}
    actions: dict[str, str] = {}
    for plugin in plugins.every():
        brought.update(plugin.call("policies") or {})
        for request in plugin.call("operations") or ():
            operation = operation_of(request)
            actions[operation.action] = operation.service
    return PolicyBundle(read_policies(loaded.policies_folder, brought), actions)


def _check_subscriptions(plugin: Plugin, tasks: BackgroundTasks) -> None:
    declared = {event_type_of(model).type for model in plugin.call("subscriptions") or ()}
    found = {reaction.event_type.type for reaction in tasks.reactions}
    for wrong in declared ^ found:
        raise ConfigurationError(
            f"Plugin {plugin}: its hook `subscriptions` and its reactions disagree on {wrong}."
        )


class _NoStore:
    """Stands where a service declared no store."""

    def __init__(self, service: str) -> None:
        self._service = service

    def __getattr__(self, name: str) -> NoReturn:
        raise ConfigurationError(
            f"Service '{self._service}' uses a store without declaring one: "
            "implement the hook `stores`, and set stores.default.sql."
        )


__all__ = ["Declared", "Runtime", "policy_bundle", "read_declaration"]
