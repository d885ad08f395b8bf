"""`colonnade migrate`: stores are brought to the schema of this release while nothing runs."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import asdict
from pathlib import Path
from typing import TypeVar

import click

from colonnade.errors import ConfigurationError
from colonnade_runtime.adapters.disk.folder_lock import FolderLocks
from colonnade_runtime.adapters.store.sqlite.schema.store_upgrade import (
    FileStatus,
    StoreUpgrade,
    TenantFileState,
)
from colonnade_runtime.cli.output import format_option, progress, show_json, show_rows
from colonnade_runtime.cli.site import Site
from colonnade_runtime.declaration import LoadedPlatform
from colonnade_runtime.plugins.plugin import Plugins
from colonnade_runtime.process.socket_file import FOLDER, owner_of

T = TypeVar("T")
R = TypeVar("R")

_COLUMNS = ("tenant", "service", "state", "version", "wanted", "reason")
_AMISS = (FileStatus.OUTDATED, FileStatus.REFUSED)

Upgrades = Mapping[str, tuple[Path, StoreUpgrade]]


@click.command(short_help="Bring every academy's stores to this release's schema.")
@click.option("--check", "only_check", is_flag=True, help="Say what would be done; change nothing.")
@format_option
@click.pass_obj
def migrate(site: Site, only_check: bool, style: str) -> None:
    """Bring the stores of every academy to the schema of this release, on a stopped platform.

    A start does the same by itself. With --check nothing is changed, the platform may run, and the
    exit status is 1 when something is to be done or cannot be. Without it, 1 means that a store
    could not be brought up to date.
    """
    plugins = site.plugins()
    loaded = site.load(plugins)
    upgrades = dict(_upgrades(loaded, plugins))
    tenants = sorted(loaded.tenants)
    found = _looked_at(upgrades, tenants)
    if not only_check:
        with ExitStack() as stack:
            _take_over(loaded, upgrades, stack)
            found = _brought_up_to_date(upgrades, found)
    _show(found, style, only_check=only_check)
    if any(file.state in _AMISS for file in found):
        raise click.exceptions.Exit(1)


def _upgrades(
    loaded: LoadedPlatform, plugins: Plugins
) -> Iterator[tuple[str, tuple[Path, StoreUpgrade]]]:
    for service in plugins.start_order:
        need = plugins.services[service].stores
        address = loaded.platform.store_of(service).sql
        if need is None or address is None:
            continue
        if address.scheme != "sqlite":
            click.echo(f"{service}: {address.scheme} stores are migrated at the start.", err=True)
            continue
        folder = loaded.root / address.url.partition(":")[2]
        yield service, (folder, StoreUpgrade(folder, service, need))


def _looked_at(upgrades: Upgrades, tenants: Sequence[str]) -> list[TenantFileState]:
    looks = [(upgrade, tenant) for _, upgrade in upgrades.values() for tenant in tenants]
    with progress("Looking at stores") as tell:
        return list(_told(looks, lambda each: each[0].look(each[1]), tell))


def _brought_up_to_date(
    upgrades: Upgrades, found: Sequence[TenantFileState]
) -> list[TenantFileState]:
    def bring(file: TenantFileState) -> TenantFileState:
        if file.state != FileStatus.OUTDATED:
            return file
        return upgrades[file.service][1].bring_up_to_date(file.tenant)

    with progress("Bringing stores up to date") as tell:
        return list(_told(found, bring, tell))


def _told(
    items: Sequence[T], act: Callable[[T], R], tell: Callable[[int, int], None]
) -> Iterator[R]:
    for done, item in enumerate(items):
        tell(done, len(items))
        yield act(item)


def _take_over(loaded: LoadedPlatform, upgrades: Upgrades, stack: ExitStack) -> None:
    """Keep every process away until the block ends.

    Raises:
        ConfigurationError: the platform runs.
    """
    for path in sorted((loaded.root / FOLDER).glob("*.sock")):
        owner = owner_of(loaded.root, path.stem)
        if owner is not None:
            raise ConfigurationError(
                f"The platform runs ({owner}): stop it first, or look with --check. A start brings "
                "stores up to date by itself."
            )
    for folder in sorted({folder for folder, _ in upgrades.values()}):
        locks = FolderLocks(folder)
        stack.callback(locks.release)
        locks.acquire([name for name, (place, _) in upgrades.items() if place == folder])


def _show(found: Sequence[TenantFileState], style: str, *, only_check: bool) -> None:
    if style == "json":
        show_json([asdict(file) for file in found])
        return
    told = [asdict(file) for file in found if file.state in _AMISS]
    show_rows(told, _COLUMNS, "Every store has the schema of this release.")
    counts = Counter(file.state for file in found)
    also = f"{counts[FileStatus.CURRENT]} current, {counts[FileStatus.NEW]} not made yet"
    click.echo(f"{len(told)} {'to be looked after' if only_check else 'not done'}, {also}.")
