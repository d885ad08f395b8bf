"""The adapters that come with Colonnade, registered through the same hooks as a third party's.

Each is imported only when a URL names it.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from colonnade.adapters import (
    AdapterContext,
    BusFactory,
    Discovery,
    DiscoveryFactory,
    PolicyFactory,
    StoreAdapter,
    StoreKind,
)
from colonnade.bus import Bus
from colonnade.errors import ConfigurationError
from colonnade.hookspecs import hookimpl
from colonnade.policy import PolicyEngine
from colonnade.secrets import SecretResolver, standard_resolvers
from colonnade.services import PluginInfo

_ADAPTERS = "colonnade_runtime.adapters"

MODULES: Mapping[str, Sequence[str]] = {
    "nats": (f"{_ADAPTERS}.bus.nats", f"{_ADAPTERS}.discovery.nats"),
    "tls": (f"{_ADAPTERS}.bus.nats", f"{_ADAPTERS}.discovery.nats"),
    "sqlite": (f"{_ADAPTERS}.store.sqlite",),
    "file": (f"{_ADAPTERS}.blobs.folder",),
    "embedded": (f"{_ADAPTERS}.policy.embedded.engine",),
    "opa+http": (f"{_ADAPTERS}.policy.opa.engine",),
    "opa+https": (f"{_ADAPTERS}.policy.opa.engine",),
}
"""Scheme → the modules that its adapters are imported from, for whoever imports them beforehand."""


@hookimpl
def plugin_info() -> PluginInfo:
    """Name and version of the plugin."""
    return PluginInfo("colonnade", "1", description="The adapters that come with Colonnade.")


@hookimpl
def bus_adapters() -> Mapping[str, BusFactory]:
    """The bus within one process, and NATS between many."""
    return {"memory": _memory_bus, "nats": _nats_bus, "tls": _nats_bus}


@hookimpl
def discovery_adapters() -> Mapping[str, DiscoveryFactory]:
    """Processes that say over NATS that they are there."""
    return {"nats": _nats_discovery, "tls": _nats_discovery}


@hookimpl
def store_adapters() -> Mapping[str, StoreAdapter]:
    """Tables in SQLite files, blobs in a folder."""
    return {
        "sqlite": StoreAdapter(StoreKind.SQL, _sqlite, replicas=True),
        "file": StoreAdapter(StoreKind.BLOBS, _blob_folder, replicas=True),
    }


@hookimpl
def policy_adapters() -> Mapping[str, PolicyFactory]:
    """The engine within this process, and a server."""
    return {"embedded": _embedded_policy, "opa+http": _opa, "opa+https": _opa}


@hookimpl
def secret_resolvers() -> Mapping[str, SecretResolver]:
    """Environment variables and files."""
    return standard_resolvers()


def _memory_bus(context: AdapterContext) -> Bus:
    from colonnade_runtime.adapters.bus.memory import MemoryBus

    return MemoryBus()


def _nats_bus(context: AdapterContext) -> Bus:
    try:
        from colonnade_runtime.adapters.bus.nats import nats_bus
    except ImportError as error:
        raise _extra_missing("NATS is spoken to", "nats", error) from None
    return nats_bus(context)


def _nats_discovery(context: AdapterContext) -> Discovery:
    try:
        from colonnade_runtime.adapters.discovery.nats import nats_discovery
    except ImportError as error:
        raise _extra_missing("NATS is spoken to", "nats", error) from None
    return nats_discovery(context)


def _sqlite(context: AdapterContext) -> Any:
    from colonnade_runtime.adapters.store.sqlite import sqlite_stores

    return sqlite_stores(context)


def _blob_folder(context: AdapterContext) -> Any:
    from colonnade_runtime.adapters.blobs.folder import blob_folder

    return blob_folder(context)


def _embedded_policy(context: AdapterContext) -> PolicyEngine:
    from colonnade_runtime.adapters.policy.embedded.engine import embedded_policy

    return embedded_policy(context.url)


def _opa(context: AdapterContext) -> PolicyEngine:
    try:
        from colonnade_runtime.adapters.policy.opa.engine import opa_policy
    except ImportError as error:
        raise _extra_missing("An OPA server is asked", "opa", error) from None
    password = None if context.password is None else context.password.reveal()
    return opa_policy(context.url, password=password)


def _extra_missing(what: str, extra: str, error: ImportError) -> ConfigurationError:
    return ConfigurationError(
        f"{what} through a library that is not installed ({error.name}): "
        f"pip install 'colonnade[{extra}]'."
    )
