"""Adapters are picked by scheme; ours come in through the same hooks as anybody's."""

import os
import subprocess
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from small_site import make_plugin, make_site, runtime_of, started

from colonnade.adapters import AdapterContext, Instance, StoreAdapter, StoreKind
from colonnade.errors import ConfigurationError
from colonnade.services import ServiceContext
from colonnade_runtime.adapters.blobs.memory import MemoryBlobStore
from colonnade_runtime.adapters.bus.memory import MemoryBus
from colonnade_runtime.declaration import DeclarationError
from colonnade_runtime.declaration.model.placement import placement_of
from colonnade_runtime.plugins.plugin import PluginError
from colonnade_runtime.process.runtime import Runtime


class MemoryBlobs:
    """Blobs that are gone with the process, as a third party's adapter might keep them."""

    async def start(self, services: Sequence[str]) -> None:
        self.services = list(services)

    async def store(self, service: str) -> MemoryBlobStore:
        return MemoryBlobStore(service)

    async def check(self) -> str | None:
        return None

    async def close(self, deadline: float = 10.0) -> None:
        self.closed = True


def service(seen: list[ServiceContext]) -> Any:
    @asynccontextmanager
    async def running(ctx: ServiceContext) -> AsyncIterator[Sequence[object]]:
        seen.append(ctx)
        yield ()

    return make_plugin("shop", "shop", create_service=lambda ctx: running(ctx))


async def test_a_plugin_brings_a_bus_and_a_store_by_scheme(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("QUEUE_PASSWORD", "open sesame")
    made: list[AdapterContext] = []
    blobs = MemoryBlobs()

    def make_bus(context: AdapterContext) -> MemoryBus:
        made.append(context)
        return MemoryBus()

    queue = make_plugin(
        "queue",
        bus_adapters=lambda: {"queue": make_bus},
        store_adapters=lambda: {"heap": StoreAdapter(StoreKind.BLOBS, lambda context: blobs)},
    )
    platform = make_site(
        tmp_path,
        "services: {shop: }\nplugins: [queue]\n"
        "bus: {url: 'queue://host', password: {secret: env:QUEUE_PASSWORD}}\n"
        "stores: {default: {blobs: 'heap:'}}\n",
    )
    seen: list[ServiceContext] = []
    async with started(runtime_of(platform, service(seen), queue)):
        assert isinstance(seen[0].blobs, MemoryBlobStore)
        assert blobs.services == ["shop"]
        [context] = made
        assert context.password is not None
        assert (context.url, context.password.reveal()) == ("queue://host", "open sesame")
        assert "sesame" not in repr(context)
    assert blobs.closed


def test_every_unknown_scheme_is_named_at_its_place_with_those_that_are_known(
    tmp_path: Path,
) -> None:
    platform = make_site(
        tmp_path,
        'services: {shop: }\nbus: "memry:"\npolicy: oracle://x\n'
        "stores:\n  default: {sql: file:var/data, blobs: heap://bucket}\n",
    )
    with pytest.raises(DeclarationError) as caught:
        runtime_of(platform, service([]))
    bus, policy, sql, blobs = caught.value.problems
    assert (bus.line, bus.column, bus.path, bus.suggestion) == (4, 6, "bus", "memory")
    assert "memory:" in bus.message
    assert (policy.path, "embedded:" in policy.message) == ("policy", True)
    assert (sql.path, "sqlite:" in sql.message) == ("stores.default.sql", True)
    assert (blobs.line, "file:" in blobs.message) == (7, True)


def test_replicas_of_a_service_whose_store_allows_one_process_are_refused(tmp_path: Path) -> None:
    heap = make_plugin(
        "heap",
        store_adapters=lambda: {"heap": StoreAdapter(StoreKind.BLOBS, lambda context: None)},
    )
    queue = make_plugin("queue", bus_adapters=lambda: {"queue": lambda context: MemoryBus()})
    platform = make_site(
        tmp_path,
        "services: {shop: }\nplugins: [heap, queue]\nbus: queue://host\n"
        "stores: {default: {blobs: 'heap:'}}\n"
        "processes: {web: {services: [shop], replicas: 2}}\n",
    )
    with pytest.raises(DeclarationError) as caught:
        runtime_of(platform, service([]), heap, queue)
    [problem] = caught.value.problems
    assert (problem.line, problem.path) == (7, "processes.web.replicas")
    assert "'shop' keeps its blobs in a store that allows one process" in problem.message


class Directory:
    """A discovery as a third party might bring one: what it was told."""

    def __init__(self, context: AdapterContext) -> None:
        self.told: list[object] = [context.url]

    async def start(self, services: Sequence[str]) -> None:
        self.told.append(tuple(services))

    async def check(self) -> str | None:
        return None

    async def announce(self, instance: Instance) -> None:
        self.told.append(instance)

    async def instances(self, service: str) -> Sequence[Instance]:
        return []

    async def close(self, deadline: float = 10.0) -> None:
        self.told.append("closed")


async def test_a_process_says_where_it_is_to_the_discovery_that_a_plugin_brings(
    tmp_path: Path,
) -> None:
    made: list[Directory] = []

    def make(context: AdapterContext) -> Directory:
        made.append(Directory(context))
        return made[-1]

    book = make_plugin("book", discovery_adapters=lambda: {"book": make})
    queue = make_plugin("queue", bus_adapters=lambda: {"queue": lambda context: MemoryBus()})
    platform = make_site(
        tmp_path,
        "services: {shop: }\nplugins: [book, queue]\nbus: queue://host\n"
        "discovery: book://shelf\nprocesses: {web: {services: [shop]}}\n",
    )
    declared = runtime_of(platform, service([]), book, queue).declared
    web = Runtime(declared, place=placement_of(declared.loaded.platform, "web"))
    async with started(web):
        here = Instance("web", web.place.url, ("shop",))
        assert made[0].told == ["book://shelf", ("shop",), here]
    assert made[0].told[-1] == "closed"


def test_two_plugins_that_register_one_scheme_are_both_named(tmp_path: Path) -> None:
    rivals = [
        make_plugin(name, bus_adapters=lambda: {"queue": lambda context: MemoryBus()})
        for name in ("one", "two")
    ]
    platform = make_site(tmp_path, "plugins: [one, two]\n")
    with pytest.raises(PluginError, match=r"example_one.* and .*example_two.*'queue:'"):
        runtime_of(platform, *rivals)


async def test_an_address_that_an_adapter_refuses_is_named_at_its_place(tmp_path: Path) -> None:
    platform = make_site(tmp_path, "services: {shop: }\npolicy: embedded://elsewhere\n")
    with pytest.raises(ConfigurationError, match=r"platform.yaml:4:9: policy: .*no address"):
        await runtime_of(platform, service([])).start()


HOLD = """
import sys, time
from pathlib import Path
from colonnade_runtime.adapters.disk.folder_lock import FolderLocks
FolderLocks(Path(sys.argv[1])).acquire(["shop"])
print("held", flush=True)
time.sleep(60)
"""


async def test_a_data_folder_is_one_process_at_a_time_and_free_after_a_kill(
    tmp_path: Path,
) -> None:
    platform = make_site(tmp_path, "services: {shop: }\n")
    folder = tmp_path / "var" / "blobs"
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, str(folder)], stdout=subprocess.PIPE
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"held\n"
        with pytest.raises(ConfigurationError, match=f"in use by the process {holder.pid}"):
            await runtime_of(platform, service([])).start()
        holder.kill()
        holder.wait(10)
    async with started(runtime_of(platform, service([]))):
        assert (folder / "_locks" / "shop.lock").read_text() == f"{os.getpid()}\n"


async def test_a_folder_that_cannot_be_made_is_a_sentence(tmp_path: Path) -> None:
    platform = make_site(tmp_path, "services: {shop: }\n")
    (tmp_path / "var").write_text("a file where the folder should be")
    with pytest.raises(ConfigurationError, match=r"var/blobs cannot be used: Not a directory\. "):
        await runtime_of(platform, service([])).start()
