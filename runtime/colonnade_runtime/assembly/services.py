"""The services of a process: each with a context, its handlers and its background work."""

from collections.abc import Callable, Collection, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from functools import partial
from random import Random
from typing import Any, cast

import structlog

from colonnade.adapters import SharedSqlStore
from colonnade.blobs import BlobStore
from colonnade.bus import Bus
from colonnade.clock import Clock
from colonnade.control_store import ControlStore
from colonnade.errors import ConfigurationError
from colonnade.operations import handlers_of, operation_of
from colonnade.services import ExtensionContext, ServiceContext
from colonnade.store import SqlStore
from colonnade_runtime.assembly.background import ProcessBackground, tasks_of
from colonnade_runtime.assembly.reconfiguration import Configs
from colonnade_runtime.assembly.schemas import StoreSchemas
from colonnade_runtime.assembly.stores import NoStore, Stores
from colonnade_runtime.background.acting.actor import Actor
from colonnade_runtime.background.background_work import BackgroundSettings, BackgroundWork
from colonnade_runtime.calls.commit_guard import guard_commit
from colonnade_runtime.calls.dispatcher import Dispatcher
from colonnade_runtime.calls.low_priority import low_priority_pool
from colonnade_runtime.calls.secret_vault import SecretVault
from colonnade_runtime.calls.service_context import (
    THREADS,
    ChangeDeclaration,
    NoConfig,
    OwnerPasswords,
    RuntimeExtensionContext,
    RuntimeServiceContext,
)
from colonnade_runtime.calls.tenants import TenantDirectory
from colonnade_runtime.declaration import LoadedPlatform
from colonnade_runtime.edge.http.authentication import Authentication
from colonnade_runtime.observability.faults import FaultRegistry
from colonnade_runtime.plugins.plugin import Plugin, Plugins
from colonnade_runtime.workers.pool import Workers

LEAVING_SECONDS = 0.5
"""Seconds that a call waits for its committed changes to leave for other processes."""


@dataclass
class Services:
    """Services of a process, and the parts that all of them share."""

    process: str
    shared: bool
    loaded: LoadedPlatform
    plugins: Plugins
    tenants: TenantDirectory
    clock: Clock
    random: Callable[[], Random]
    bus: Bus
    dispatcher: Dispatcher
    stores: Stores
    authentication: Authentication
    vault: SecretVault
    passwords: OwnerPasswords
    workers: Workers
    epoch: Callable[[], float]
    background: ProcessBackground
    schemas: StoreSchemas
    faults: FaultRegistry
    background_settings: BackgroundSettings
    stack: AsyncExitStack
    change_declaration: ChangeDeclaration
    contexts: dict[str, RuntimeServiceContext] = field(default_factory=dict)
    objects: dict[str, Sequence[object]] = field(default_factory=dict)
    """Service → the handlers and reactions that its plugin made."""
    extension_contexts: dict[str, RuntimeExtensionContext] = field(default_factory=dict)
    pools: dict[str, ThreadPoolExecutor] = field(default_factory=dict)
    low_priority: ThreadPoolExecutor | None = None

    async def add(self, plugin: Plugin) -> ServiceContext:
        """Set one service up and host it; it is torn down with the stack.

        Raises:
            ConfigurationError: when what the plugin says of itself does not hold.
        """
        name = plugin.info.service or plugin.name
        log = structlog.get_logger(name)
        store, control = self._tables(plugin, name)
        ctx = await self._context(plugin, name, store, log)
        self.contexts[name] = ctx
        created = plugin.create_service(ctx)
        objects = await self.stack.enter_async_context(created) if created is not None else ()
        self.objects[name] = objects
        await self._host(plugin, objects)
        if control is not None:
            brought = self.plugins.extension_reactions(name)
            tasks = tasks_of(plugin, ctx, objects, brought.values())
            standing = partial(self._standing, name)
            actor = Actor(name, self.clock, random=self.random())
            changed = self._changed_elsewhere(store, "background")
            work = BackgroundWork(
                tasks,
                store,
                control,
                self.bus,
                standing,
                self.process,
                actor,
                log,
                self.background_settings,
                changed,
            )
            self.background.add(name, work)
        return ctx

    def reconfigure(self, configs: Configs) -> None:
        """Give contexts their new configuration; services read it anew, as they promised."""
        for (section, name), config in configs.items():
            if section == "services" and name in self.contexts:
                self.contexts[name].config = config
            for context in self.extension_contexts.values():
                if context.name == name:
                    context.config = config

    def elsewhere(self, plugin: Plugin) -> ServiceContext:
        """A context for what a service hosted by another process does here: knowing its callers.

        It asks like any other; it has no stores.
        """
        name = plugin.info.service or plugin.name
        log = structlog.get_logger(name)
        return RuntimeServiceContext(
            **self._common(name, self.loaded.config_of(name), log),
            store=cast("SqlStore", NoStore(name, "sql")),
            blobs=cast("BlobStore", NoStore(name, "blobs")),
            dispatcher=self.dispatcher,
            passwords=self.passwords,
            may_ask=frozenset({name, *plugin.info.requires}),
            forget_principal=self.authentication.forget,
            events_left=partial(self._events_left, name),
            extension_answers=partial(self._extension_answers, name),
            change_declaration=self.change_declaration,
        )

    def routes(self, hosted: Collection[str]) -> list[Any]:
        """Routes of the `hosted` services, in start order."""
        return [
            route
            for name in self.plugins.start_order
            if name in hosted
            for route in self.plugins.services[name].http_routes
        ]

    def pages(self, hosted: Collection[str]) -> list[Any]:
        """Pages for people of the `hosted` services, in start order."""
        return [
            page
            for name in self.plugins.start_order
            if name in hosted
            for page in self.plugins.services[name].pages
        ]

    def _tables(self, plugin: Plugin, name: str) -> tuple[SqlStore, ControlStore | None]:
        need = plugin.stores
        tables = self.stores.tables(name)
        if need is None or tables is None:
            return NoStore(name, "sql"), None
        store = tables.store(
            name,
            need,
            service_context=lambda: self.contexts[name],
            guard=guard_commit,
            invalidation=partial(self.dispatcher.cache.drop, name),
            on_published=partial(self.background.wake, name),
        )
        self.schemas.add(name, store)
        changed = self._changed_elsewhere(store, "cache")
        if changed is not None:
            self.dispatcher.cache.watch(name, changed)
        return store, tables.control(name)

    def _changed_elsewhere(self, store: SqlStore, use: str) -> Callable[[str], bool | None] | None:
        """Probe: True when another process committed to a tenant's store, where others may."""
        if not self.shared:
            return None
        return partial(cast("SharedSqlStore", store).changed_elsewhere, use=use)

    async def _context(
        self, plugin: Plugin, name: str, store: SqlStore, log: Any
    ) -> RuntimeServiceContext:
        return RuntimeServiceContext(
            **self._common(name, self.loaded.config_of(name), log),
            store=store,
            blobs=await self.stores.blobs(name),
            dispatcher=self.dispatcher,
            passwords=self.passwords,
            may_ask=frozenset({name, *plugin.info.requires}),
            forget_principal=self.authentication.forget,
            events_left=partial(self._events_left, name),
            extension_answers=partial(self._extension_answers, name),
            change_declaration=self.change_declaration,
        )

    def _common(self, name: str, config: Any, log: Any) -> dict[str, Any]:
        return {
            "name": name,
            "config": config if config is not None else NoConfig(),
            "clock": self.clock,
            "log": log,
            "root": self.loaded.root,
            "production": self.loaded.platform.is_production,
            "tenants": self.tenants,
            "vault": self.vault,
            "threads": self._threads(name),
            "low_priority": self._low_priority,
            "workers": self.workers,
            "faults": self.faults.of(name),
            "epoch": self.epoch,
        }

    async def _events_left(self, service: str, tenant: str) -> None:
        work = self.background.of(service)
        if work is not None and self.bus.durable:
            await work.relay.emptied(tenant, LEAVING_SECONDS)

    def _low_priority(self) -> ThreadPoolExecutor:
        """The threads that all services share, made when one of them has such work."""
        if self.low_priority is None:
            self.low_priority = low_priority_pool()
            self.stack.callback(self.low_priority.shutdown, wait=False)
        return self.low_priority

    def _threads(self, name: str) -> ThreadPoolExecutor:
        """The threads of one service, so that slow work of none holds up another's."""
        if name not in self.pools:
            pool = ThreadPoolExecutor(THREADS, thread_name_prefix=f"worker-{name}")
            self.stack.callback(pool.shutdown, wait=False)
            self.pools[name] = pool
        return self.pools[name]

    def _extension_answers(
        self, service: str, hook: str, arguments: dict[str, Any]
    ) -> Sequence[Any]:
        answers = (
            plugin.call(hook, ctx=self._context_for(service, plugin), **arguments)
            for plugin in self.plugins.every()
        )
        return [answer for answer in answers if answer is not None]

    def _context_for(self, service: str, plugin: Plugin) -> ExtensionContext:
        """The context with which `plugin` answers a hook that `service` owns."""
        if plugin.info.service == service:
            return self.contexts[service]
        if plugin.name not in self.extension_contexts:
            config = (
                self.loaded.config_of(plugin.info.service)
                if plugin.info.service is not None
                else self.loaded.extension_config_of(plugin.name)
            )
            common = self._common(plugin.name, config, structlog.get_logger(plugin.name))
            self.extension_contexts[plugin.name] = RuntimeExtensionContext(**common)
        return self.extension_contexts[plugin.name]

    async def _host(self, plugin: Plugin, objects: Sequence[object]) -> None:
        offered = {operation_of(request).request for request in plugin.operations}
        found = [bound for item in objects for bound in handlers_of(item)]
        handled = {bound.operation.request for bound in found}
        for request in offered ^ handled:
            problem = "has no handler" if request in offered else "is handled but not offered"
            raise ConfigurationError(f"Plugin {plugin}: operation {request.__name__} {problem}.")
        for bound in found:
            await self.dispatcher.host(bound)

    def _standing(self, service: str, tenant: str) -> Any:
        return self.tenants.standing(tenant, service)
