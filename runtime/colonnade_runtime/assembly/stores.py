"""The stores of a process: tables by URL, files by service, each where the declaration says."""

from collections.abc import Callable
from contextlib import AsyncExitStack
from typing import Any, NoReturn

from colonnade.blobs import BlobStore
from colonnade.clock import Clock
from colonnade.errors import ConfigurationError
from colonnade_runtime.adapters.blobs.local import LocalBlobStore
from colonnade_runtime.adapters.store import store_adapters
from colonnade_runtime.assembly.adapters import no_adapter
from colonnade_runtime.declaration import LoadedPlatform


class Stores:
    """Makes stores on demand; what it made is closed with `stack`."""

    def __init__(
        self,
        loaded: LoadedPlatform,
        clock: Clock,
        is_known: Callable[[str], bool],
        stack: AsyncExitStack,
    ) -> None:
        self._loaded = loaded
        self._clock = clock
        self._is_known = is_known
        self._stack = stack
        self._tables: dict[str, Any] = {}

    def tables(self, service: str) -> Any | None:
        """The adapter that keeps the tables of `service`; nothing when no place is declared.

        Raises:
            ConfigurationError: when there is no adapter for the declared place.
        """
        address = self._loaded.platform.store_of(service).sql
        if address is None:
            return None
        if address.url not in self._tables:
            factory = store_adapters().get(address.scheme)
            if factory is None:
                raise no_adapter(self._loaded, ("stores",), address.scheme, store_adapters())
            made = factory(address.url, self._loaded.root, self._clock, self._is_known)
            self._tables[address.url] = made
            self._stack.push_async_callback(made.close)
        return self._tables[address.url]

    async def blobs(self, service: str) -> BlobStore:
        """The service's files; what a killed process left half written is swept away.

        Raises:
            ConfigurationError: when there is no adapter for the declared place.
        """
        address = self._loaded.platform.store_of(service).blobs
        if address is not None and address.scheme != "file":
            raise no_adapter(self._loaded, ("stores",), address.scheme, ["file"])
        folder = "var/blobs" if address is None else address.url.partition(":")[2]
        blobs = LocalBlobStore(self._loaded.root / folder, service)
        await blobs.prepare()
        self._stack.push_async_callback(blobs.close)
        return blobs


class NoStore:
    """Stands where a service declared no store."""

    def __init__(self, service: str) -> None:
        self._service = service

    def __getattr__(self, name: str) -> NoReturn:
        raise ConfigurationError(
            f"Service '{self._service}' uses a store without declaring one: "
            "implement the hook `stores`, and set stores.default.sql."
        )
