"""Adapters: what the scheme of each declared URL stands for."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import structlog

from colonnade.adapters import AdapterContext, Discovery, StoreAdapter
from colonnade.bus import Bus
from colonnade.clock import Clock
from colonnade.errors import ConfigurationError
from colonnade.faults import Faults, NoFaults
from colonnade.policy import PolicyEngine
from colonnade.secrets import Secret
from colonnade_runtime.calls.secret_vault import SecretVault
from colonnade_runtime.declaration import Address, LoadedPlatform, Problem
from colonnade_runtime.declaration.model.address import BusAddress
from colonnade_runtime.declaration.yaml.problems import closest
from colonnade_runtime.declaration.yaml.tree import Path
from colonnade_runtime.plugins.plugin import Plugins

STATIC = "static"
"""The discovery that asks nobody: processes are where the declaration says."""


@dataclass(frozen=True)
class Adapters:
    """Makes what the declaration names; nothing that it makes is started."""

    loaded: LoadedPlatform
    plugins: Plugins
    vault: SecretVault
    clock: Clock
    is_known: Callable[[str], bool]
    process: str
    replicas: int = 1
    faults: Callable[[str], Faults] = field(default=lambda source: NoFaults())

    def bus(self) -> Bus:
        """The declared bus.

        Raises:
            ConfigurationError: when its URL cannot be used.
        """
        address = self.loaded.platform.bus
        return self._make(("bus",), address, self.plugins.adapters("bus_adapters"))  # type: ignore[no-any-return]

    def discovery(self) -> Discovery | None:
        """The declared discovery; nothing when processes are where the declaration says.

        Raises:
            ConfigurationError: when its URL cannot be used.
        """
        address = self.loaded.platform.discovery
        if address.scheme == STATIC:
            return None
        return self._make(("discovery",), address, self.plugins.adapters("discovery_adapters"))  # type: ignore[no-any-return]

    def policy_engine(self) -> PolicyEngine:
        """The declared policy engine.

        Raises:
            ConfigurationError: when its URL cannot be used.
        """
        address = self.loaded.platform.policy.engine
        factories = self.plugins.adapters("policy_adapters")
        return self._make(("policy", "engine"), address, factories)  # type: ignore[no-any-return]

    def stores(self, path: Path, address: Address) -> Any:
        """The adapter of the stores at `address`, which was declared at `path`.

        Raises:
            ConfigurationError: when its URL cannot be used.
        """
        adapters: Mapping[str, StoreAdapter] = self.plugins.adapters("store_adapters")
        return self._make(path, address, {name: each.make for name, each in adapters.items()})

    def _make(self, path: Path, address: Address, factories: Mapping[str, Any]) -> Any:
        password = None if address.password is None else self.vault.secret(address.password)
        context = AdapterContext(
            url=address.url,
            password=password,
            administrator=self._administrator(address),
            root=self.loaded.root,
            process=self.process,
            clock=self.clock,
            log=structlog.get_logger(address.scheme),
            is_known=self.is_known,
            replicas=self.replicas,
            faults=self.faults,
        )
        try:
            return factories[address.scheme](context)
        except (ConfigurationError, ValueError) as error:
            raise ConfigurationError(str(self.loaded.origins.problem(path, str(error)))) from None

    def _administrator(self, address: Address) -> Secret | None:
        reference = address.administrator if isinstance(address, BusAddress) else None
        return None if reference is None else self.vault.secret(reference)


def scheme_problems(loaded: LoadedPlatform, plugins: Plugins) -> Iterator[Problem]:
    """Every URL of the platform whose scheme no enabled plugin has an adapter for."""
    platform = loaded.platform
    found: list[tuple[Path, Address, Mapping[str, Any]]] = [
        (("bus",), platform.bus, plugins.adapters("bus_adapters")),
        (("policy", "engine"), platform.policy.engine, plugins.adapters("policy_adapters")),
        (
            ("discovery",),
            platform.discovery,
            {STATIC: None, **plugins.adapters("discovery_adapters")},
        ),
    ]
    for path, address, known in found:
        yield from _unknown(loaded, path, address, known)
    adapters: Mapping[str, StoreAdapter] = plugins.adapters("store_adapters")
    for path, address in declared_stores(loaded):
        kind = str(path[-1])
        fitting = {scheme: each for scheme, each in adapters.items() if each.kind == kind}
        yield from _unknown(loaded, path, address, fitting)


def replica_problems(loaded: LoadedPlatform, plugins: Plugins) -> Iterator[Problem]:
    """Every process with replicas that hosts a service whose store allows one process."""
    adapters: Mapping[str, StoreAdapter] = plugins.adapters("store_adapters")
    for process, section in loaded.platform.processes.items():
        if section.replicas == 1:
            continue
        for service in section.services:
            for kind, address in loaded.platform.store_of(service):
                adapter = None if address is None else adapters.get(address.scheme)
                if adapter is not None and not adapter.replicas:
                    path = ("processes", process, "replicas")
                    message = (
                        f"the service '{service}' keeps its {kind} in a store that allows one"
                        f" process, '{address.scheme}:'; say 1, or name another store"
                    )
                    yield loaded.origins.problem(path, message)


def declared_stores(loaded: LoadedPlatform) -> Iterator[tuple[Path, Address]]:
    """Every store address that was declared, with its path."""
    for name, section in loaded.platform.stores.items():
        for kind, address in section:
            if address is not None:
                yield ("stores", name, kind), address


def _unknown(
    loaded: LoadedPlatform, path: Path, address: Address, known: Mapping[str, Any]
) -> Iterator[Problem]:
    if address.scheme in known:
        return
    listed = ", ".join(f"{scheme}:" for scheme in sorted(known)) or "none"
    message = f"no enabled plugin has an adapter for '{address.scheme}:' here (known: {listed})"
    near = closest(address.scheme, known)
    yield loaded.origins.problem(path, message, near)
