"""Adapters: made by the scheme of a URL, for a bus, a store, an engine or discovery.

A plugin registers factories through the hooks `bus_adapters`, `store_adapters`, `policy_adapters`
and `discovery_adapters`. Ours are registered the same way; a plugin's takes the place of ours.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

from colonnade.blobs import BlobStore
from colonnade.bus import Bus
from colonnade.clock import Clock
from colonnade.control_store import ControlStore
from colonnade.faults import Faults, NoFaults
from colonnade.policy import PolicyEngine
from colonnade.rows.row_tracking import RowSet
from colonnade.secrets import Secret
from colonnade.services import ServiceContext, StoreNeed
from colonnade.store import Session, SqlStore


@dataclass(frozen=True, slots=True)
class AdapterContext:
    """Context of a factory: the declared address, and the process that the adapter is for.

    A factory is synchronous and cheap: it connects to nothing. What it made is started, and
    stopped or closed, by the runtime.
    """

    url: str
    """Address as declared; its scheme is the one that the factory was registered for."""
    password: Secret | None
    """The password that was declared beside the URL."""
    root: Path
    """The folder of platform.yaml: relative paths begin there."""
    process: str
    """The name of this process; the same over its restarts."""
    clock: Clock
    log: Any
    """A structlog logger bound to the scheme."""
    is_known: Callable[[str], bool]
    """Test of a tenant's id: true while it is declared. Nothing is ever made for another."""
    replicas: int = 1
    """Number of processes that host the same services as this one, itself included."""
    administrator: Secret | None = None
    """The password of the user that sets a bus up, where it was declared beside the URL."""
    faults: Callable[[str], Faults] = field(default=lambda source: NoFaults())
    """Reporter of faults, on behalf of a service or as a part of its own."""


class Adapter(Protocol):
    """Lifecycle that every adapter of a store or of discovery has."""

    async def start(self, services: Sequence[str]) -> None:
        """Take possession for the services that this process hosts: lock a folder, connect.
        Called once, before anything else.

        Raises:
            ConfigurationError: when it can never work as declared.
            Unavailable: when it cannot work now.
        """
        ...

    async def check(self) -> str | None:
        """A sentence that says why it cannot work now; nothing when it can. Asked by `/readyz`,
        which waits for a second at most."""
        ...

    async def close(self, deadline: float = 10.0) -> None:
        """Let what runs end within `deadline` seconds, and let go of everything."""
        ...


class SqlStores(Adapter, Protocol):
    """Tables: makes the stores of services at one address."""

    def store(
        self,
        service: str,
        need: StoreNeed,
        *,
        service_context: Callable[[], ServiceContext] | None = None,
        guard: Callable[[Session], None] | None = None,
        invalidation: Callable[[str, RowSet], None] | None = None,
        on_published: Callable[[str], None] | None = None,
    ) -> SqlStore:
        """The store of a service.

        `service_context` gives the provision hook its context. `guard` sees every session just
        before its commit, and may raise. After a commit, on the event loop, `invalidation` is
        told the tenant and what changed, and `on_published` the tenant that has new events.
        """
        ...

    def control(self, service: str) -> ControlStore:
        """The control store of a service, always the same one."""
        ...


@dataclass(frozen=True, slots=True)
class StoreFigures:
    """Figures of an adapter of tables: files or connections `open` now, `opened` since the start
    and `evicted` to make room, and writes that are `waiting`."""

    open: int
    opened: int
    evicted: int
    waiting: int


@runtime_checkable
class Measured(Protocol):
    """An adapter of tables that can say how its files or connections are used."""

    def figures(self) -> StoreFigures:
        """Return the figures as of now; never waits."""
        ...


class SharedSqlStore(SqlStore, Protocol):
    """A store that other processes write to as well."""

    def changed_elsewhere(self, tenant: str, use: str) -> bool | None:
        """Tell whether another process may have committed to the tenant's store since the last call
        for the same `use`; None when that cannot be known. Called on the event loop, for each read
        from a cache: it takes microseconds, and says yes too often rather than too seldom."""
        ...


class BlobStores(Adapter, Protocol):
    """Files: makes the blob stores of services at one address."""

    async def store(self, service: str) -> BlobStore:
        """The blob store of a service, ready for use."""
        ...


class StoreKind(StrEnum):
    """The key below `stores.<name>` that an adapter serves."""

    SQL = "sql"
    DOCUMENTS = "documents"
    BLOBS = "blobs"
    TIME_SERIES = "time_series"


@dataclass(frozen=True, slots=True)
class StoreAdapter:
    """A factory of `SqlStores` or `BlobStores` (or of what serves another kind), and its kind."""

    kind: StoreKind
    make: Callable[[AdapterContext], Any]
    replicas: bool = False
    """True when several processes may host a service that stores something here. Its SQL stores
    then are `SharedSqlStore`."""


@dataclass(frozen=True, slots=True)
class Instance:
    """A process that runs: where it answers, and which services it hosts."""

    process: str
    url: str
    services: tuple[str, ...]


class Discovery(Adapter, Protocol):
    """Discovery: the processes that host each service, for a gateway that forwards to them."""

    async def announce(self, instance: Instance) -> None:
        """Make this process known, and keep it known until `close`."""
        ...

    async def instances(self, service: str) -> Sequence[Instance]:
        """Processes that host `service` now.

        Raises:
            Unavailable: when nobody can say.
        """
        ...


BusFactory = Callable[[AdapterContext], Bus]
PolicyFactory = Callable[[AdapterContext], PolicyEngine]
DiscoveryFactory = Callable[[AdapterContext], Discovery]

AsgiApplication = Callable[[Any, Any, Any], Awaitable[None]]
"""An ASGI 3 application: (scope, receive, send)."""

GatewayFilter = Callable[[AsgiApplication], AsgiApplication]
"""Wraps what answers HTTP requests; the tenant is not known yet when it is called."""

__all__ = [
    "Adapter",
    "AdapterContext",
    "AsgiApplication",
    "BlobStores",
    "BusFactory",
    "Discovery",
    "DiscoveryFactory",
    "GatewayFilter",
    "Instance",
    "PolicyFactory",
    "SharedSqlStore",
    "SqlStores",
    "StoreAdapter",
    "StoreKind",
]
