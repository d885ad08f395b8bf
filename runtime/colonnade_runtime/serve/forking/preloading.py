"""Imports of everything that the processes of a platform use, made once for all of them."""

from collections.abc import Iterator
from contextlib import suppress
from importlib import import_module
from importlib.util import find_spec

from colonnade_runtime.adapters.builtin import MODULES
from colonnade_runtime.assembly.adapters import declared_stores
from colonnade_runtime.assembly.declared import Declared
from colonnade_runtime.declaration import Address, LoadedPlatform
from colonnade_runtime.plugins.plugin import Plugin

_ALWAYS = (
    "anyio._backends._asyncio",
    "colonnade_runtime.serve.gateway",
    "colonnade_runtime.serve.services",
    # Litestar imports these when the first application is made.
    "litestar._kwargs.kwargs_model",
    "litestar.middleware._internal.exceptions.middleware",
    "litestar.plugins.attrs",
    "litestar.plugins.pydantic",
)

_OF_A_SERVICE = ("service", "reactions")
"""Modules of a service's package that its plugin imports when it creates the service."""


def preload(declared: Declared) -> None:
    """Import what the processes of `declared` use, and make nothing.

    What cannot be imported here is left to the process that needs it, which says why.
    """
    for name in (*_ALWAYS, *_of_adapters(declared.loaded)):
        with suppress(Exception):
            import_module(name)
    for plugin in declared.plugins.every():
        with suppress(Exception):
            _preload_plugin(plugin)


def _of_adapters(loaded: LoadedPlatform) -> Iterator[str]:
    platform = loaded.platform
    addresses = [platform.bus, platform.discovery, platform.policy.engine]
    addresses += [address for _, address in declared_stores(loaded)]
    for address in addresses:
        yield from MODULES.get(address.scheme, ())
        if _is_new(loaded, address):
            # Its first tables are made by migrations, which need what nobody needs later.
            yield "colonnade_runtime.adapters.store.alembic_operations"


def _is_new(loaded: LoadedPlatform, address: Address) -> bool:
    """True for a folder of tables that no process has made yet."""
    return address.scheme == "sqlite" and not (loaded.root / address.url.partition(":")[2]).exists()


def _preload_plugin(plugin: Plugin) -> None:
    # Asked for what they import: each answer is made again from the modules by whoever needs it.
    _ = plugin.operations, plugin.events, plugin.subscriptions, plugin.principal_events
    _ = plugin.sagas, plugin.schedules, plugin.http_routes, plugin.policy_attributes
    _ = plugin.gateway_filters
    if plugin.stores is not None:
        import_module(plugin.stores.models)
    package = plugin.module.__name__.rpartition(".")[0]
    for name in _OF_A_SERVICE:
        if package and find_spec(f"{package}.{name}") is not None:
            import_module(f"{package}.{name}")
