"""Goes through the stages of a start with stores of its own, and notes what each would refuse.

Nothing that is declared is opened, connected to or listened on: tables and files are kept in a
temporary folder, events stay in memory, and no background work begins.
"""

import asyncio
import secrets
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path as FilePath
from typing import Any

import structlog

from colonnade.adapters import AdapterContext
from colonnade.bus import Bus
from colonnade.errors import ColonnadeError
from colonnade.policy import MemoisedPolicy, PolicyEngine
from colonnade.secrets import SecretUnavailable
from colonnade_runtime.adapters.blobs.folder import blob_folder
from colonnade_runtime.adapters.bus.memory import MemoryBus
from colonnade_runtime.adapters.disk.private_files import KEPT
from colonnade_runtime.adapters.policy.embedded.engine import EmbeddedPolicy
from colonnade_runtime.adapters.store.sqlite import sqlite_stores
from colonnade_runtime.assembly.adapters import Adapters, declared_stores
from colonnade_runtime.assembly.declared import Declared
from colonnade_runtime.assembly.dependencies import ProcessDependencies
from colonnade_runtime.assembly.signing import KEY_FILE, signing_key
from colonnade_runtime.declaration import Address
from colonnade_runtime.declaration.model.placement import Placement, placement_of
from colonnade_runtime.declaration.yaml.tree import Path
from colonnade_runtime.observability.failures import failure_in_words
from colonnade_runtime.observability.logs import muted_logs
from colonnade_runtime.process.preflight.locating import placed
from colonnade_runtime.process.runtime import Runtime

SECONDS = 60.0
"""Seconds for all of it; a plugin that waits for somebody is not waited for."""


@dataclass(slots=True)
class PreflightReport:
    """Report: refusals and warnings of a start, in sentences with their place."""

    refusals: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)


def preflight(declared: Declared) -> PreflightReport:
    """Find every refusal of a start of `declared`, not the first one only."""
    found = PreflightReport()
    with tempfile.TemporaryDirectory(prefix="colonnade-check-") as folder, muted_logs():
        asyncio.run(_rehearse(declared, FilePath(folder), found))
    found.refusals = [placed(text, declared.loaded) for text in dict.fromkeys(found.refusals)]
    return found


async def _rehearse(declared: Declared, folder: FilePath, found: PreflightReport) -> None:
    def adapters(*arguments: Any) -> Adapters:
        return _Adapters(*arguments, folder=folder)

    shadow = _shadow(declared.loaded.root, folder / "site")
    runtime = _Preflight(declared, found, ProcessDependencies(adapters=adapters), shadow)
    try:
        async with asyncio.timeout(SECONDS):
            await runtime.preflight()
    except TimeoutError:
        found.refusals.append(f"The services did not stand within {SECONDS:g} seconds.")
    finally:
        await runtime.stop()


def _shadow(root: FilePath, folder: FilePath) -> FilePath:
    """A folder that looks like the platform's, in which what is kept under `var` is nobody's."""
    folder.mkdir()
    for entry in root.absolute().iterdir():
        if entry.name != KEPT:
            (folder / entry.name).symlink_to(entry)
    return folder


class _Adapters(Adapters):
    """Makes what is declared, to hear whether it can be made, and hands out stand-ins."""

    def __init__(self, *arguments: Any, folder: FilePath) -> None:
        super().__init__(*arguments)
        object.__setattr__(self, "_folder", folder)

    def declared(self, place: Placement) -> Iterator[Callable[[], object]]:
        """Adapter classes for this placement."""
        yield super().bus
        yield super().policy_engine
        if self.loaded.platform.processes:
            yield super().discovery
        make = super().stores
        for path, address in declared_stores(self.loaded):
            yield lambda path=path, address=address: make(path, address)  # type: ignore[misc]

    def bus(self) -> Bus:
        return MemoryBus()

    def policy_engine(self) -> PolicyEngine:
        return EmbeddedPolicy()

    def stores(self, path: Path, address: Address) -> Any:
        kind = str(path[-1])
        folder: FilePath = self._folder  # type: ignore[attr-defined]
        scheme = "sqlite" if kind == "sql" else "file"
        context = AdapterContext(
            url=f"{scheme}:{folder / kind}",
            password=None,
            administrator=None,
            root=folder,
            process=self.process,
            clock=self.clock,
            log=structlog.get_logger(scheme),
            is_known=self.is_known,
            replicas=1,
            faults=self.faults,
        )
        return sqlite_stores(context) if kind == "sql" else blob_folder(context)


class _Preflight(Runtime):
    """A runtime that goes on after what would end a start, and never gets ready."""

    def __init__(
        self,
        declared: Declared,
        found: PreflightReport,
        dependencies: ProcessDependencies,
        shadow: FilePath,
    ) -> None:
        everything = replace(
            placement_of(declared.loaded.platform, None), services=declared.plugins.start_order
        )
        super().__init__(
            declared, place=everything, announce=lambda text: None, dependencies=dependencies
        )
        self._found = found
        self._shadow = shadow

    async def preflight(self) -> None:
        """Take every stage up to the one in which work begins."""
        secrets_are_there = await self._secrets()
        assert isinstance(self._adapters, _Adapters)
        for make in self._adapters.declared(self.place):
            with self._noting(secrets_are_there):
                make()
        with self._noting(secrets_are_there):
            self._key()
        await self._start_stores()
        bus = await self._start_bus()
        self.policy = MemoisedPolicy(self._adapters.policy_engine())
        services = self._connect(bus, self.policy, secrets.token_bytes(32), [])
        services.loaded = replace(self._loaded, root=self._shadow)
        standing: list[str] = []
        for name in self._plugins.start_order:
            with self._noting(secrets_are_there, name):
                plugin = self._plugins.services[name]
                ctx = await services.add(plugin)
                await self._authenticators(bus, plugin, ctx)
                plugin.health_checks(ctx)
                standing.append(name)
        if len(standing) == len(self._plugins.start_order):
            with self._noting(secrets_are_there):
                self._open(services)

    async def _secrets(self) -> bool:
        """True when all are there that a start needs."""
        before = len(self._found.refusals)
        with self._noting(True):
            resolved = await self._vault.resolved(self._loaded)
            self._vault.swap(resolved)
            self._found.warnings += [str(each) for each in resolved.unset]
        return len(self._found.refusals) == before

    def _key(self) -> None:
        is_made_up = self._platform.signing_key is None and self._platform.bus.scheme != "memory"
        if not is_made_up or (self._loaded.root / KEY_FILE).exists():
            signing_key(self._loaded, self._vault)

    @contextmanager
    def _noting(self, secrets_are_there: bool, service: str = "") -> Iterator[None]:
        """Note what the block refuses. What lacks only a secret that is missing follows from it."""
        try:
            yield
        except SecretUnavailable as error:
            if secrets_are_there and self._platform.is_production:
                self._note(error.message, service)
        except ColonnadeError as error:
            self._note(error.message, service)
        except Exception as error:
            about = f"services.{service}: its plugin" if service else "The platform"
            self._note(f"{about} cannot start: {failure_in_words(error)}", service)

    def _note(self, message: str, service: str) -> None:
        for line in message.splitlines():
            about = f"services.{service}: " if service and "services." not in line else ""
            self._found.refusals.append(about + line)
