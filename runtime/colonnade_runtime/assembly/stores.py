"""The stores of a process: tables and files, each at the address that the declaration says."""

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from typing import Any, NoReturn

from colonnade.adapters import Adapter, Measured, SqlStores, StoreFigures
from colonnade.blobs import BlobStore
from colonnade.errors import ConfigurationError
from colonnade.services import HealthCheck
from colonnade_runtime.assembly.adapters import Adapters
from colonnade_runtime.declaration import Address, Platform
from colonnade_runtime.declaration.yaml.tree import Path

STARTING_SECONDS = 30.0
"""Seconds for one store to connect."""


@dataclass
class _Wanted:
    path: Path
    address: Address
    services: list[str] = field(default_factory=list)


_MEND = (
    "Check that the folder or server is there, its permissions and the room on its disk; "
    "requests are answered again by themselves."
)


class Stores:
    """Opens each address once, for all the services that keep something there."""

    def __init__(self, platform: Platform, adapters: Adapters, stack: AsyncExitStack) -> None:
        self._platform = platform
        self._adapters = adapters
        self._stack = stack
        self.opened: dict[str, Any] = {}

    async def start(self, wanted: Mapping[str, Sequence[str]]) -> None:
        """Open what is wanted: service → kinds of store. All are closed with the stack.

        Raises:
            ConfigurationError: when a declared place cannot be used.
        """
        for url, each in self._by_address(wanted).items():
            adapter: Adapter = self._adapters.stores(each.path, each.address)
            self._stack.push_async_callback(adapter.close)
            async with asyncio.timeout(STARTING_SECONDS):
                await adapter.start(each.services)
            self.opened[url] = adapter

    def tables(self, service: str) -> SqlStores | None:
        """The adapter that keeps the tables of `service`; nothing when no place is declared."""
        address = self._platform.store_of(service).sql
        return None if address is None else self.opened.get(address.url)

    async def blobs(self, service: str) -> BlobStore:
        """The files of `service`; without a declared place, using them is an error."""
        address = self._platform.store_of(service).blobs
        if address is None:
            return NoStore(service, "blobs")
        blobs: BlobStore = await self.opened[address.url].store(service)
        return blobs

    def figures(self) -> list[StoreFigures]:
        """Figures of the stores that report them."""
        return [each.figures() for each in self.opened.values() if isinstance(each, Measured)]

    def health_checks(self) -> list[HealthCheck]:
        """One for each address."""
        opened = self.opened.items()
        return [HealthCheck(f"store {url}", each.check, _MEND) for url, each in opened]

    def _by_address(self, wanted: Mapping[str, Sequence[str]]) -> dict[str, _Wanted]:
        found: dict[str, _Wanted] = {}
        for service, kinds in wanted.items():
            for kind in kinds:
                address = getattr(self._platform.store_of(service), kind)
                if address is not None:
                    new = _Wanted(self._path(service, kind), address)
                    found.setdefault(address.url, new).services.append(service)
        return found

    def _path(self, service: str, kind: str) -> Path:
        own = self._platform.stores.get(service)
        says_itself = own is not None and kind in own.model_fields_set
        return ("stores", service if says_itself else "default", kind)


class NoStore:
    """Stands where a service has no store."""

    def __init__(self, service: str, kind: str) -> None:
        self._service = service
        self._kind = kind

    def __getattr__(self, name: str) -> NoReturn:
        raise ConfigurationError(
            f"Service '{self._service}' uses a store that it does not have: set"
            f" stores.default.{self._kind} in platform.yaml, and implement the hook `stores` where"
            " the service keeps tables."
        )
