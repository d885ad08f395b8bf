"""Invariants that hold once everything is quiet, whatever happened on the way; read from files."""

import sqlite3
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from pathlib import Path
from uuid import UUID

from colonnade.sagas import SagaPhase
from colonnade_runtime.adapters.store.sqlite.files.paths import ServiceFiles
from colonnade_runtime.assembly.declared import Declared
from colonnade_runtime.process.runtime import Runtime
from colonnade_runtime.testing.simulation.effect_log import TABLE
from colonnade_runtime.testing.simulation.world import World

_ENDED = [str(phase) for phase in SagaPhase if phase.has_ended]


Consumers = Mapping[str, Sequence[str]]
"""Event type → the names of those that react to it."""


class Violation(AssertionError):
    """A promise that was not kept."""


def tenant_files(declared: Declared) -> Iterator[tuple[str, str, Path]]:
    """(service, tenant, file) of every store there is."""
    for service in declared.loaded.platform.enabled_services:
        address = declared.loaded.platform.store_of(service).sql
        assert address is not None
        files = ServiceFiles(declared.loaded.root / address.url.partition(":")[2], service)
        for tenant in declared.loaded.tenants:
            path = files.of_tenant(tenant)
            if path.exists():
                yield service, tenant, path


def rows(path: Path, query: str, *values: object) -> list[tuple[object, ...]]:
    """Rows that a query finds in a tenant's file."""
    with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as connection:
        return connection.execute(query, values).fetchall()


def consumers_of(runtimes: Iterable[Runtime]) -> Consumers:
    """Event type → the names of those that react to it in any of these processes."""
    found: dict[str, list[str]] = {}
    for runtime in runtimes:
        for work in runtime.background.works().values():
            for name, handling in work.delivery.consumers.items():
                found.setdefault(handling.reaction.bound.event_type.type, []).append(name)
    return found


def is_worked_off(declared: Declared) -> bool:
    """Tell whether every event left its outbox, and every saga ended or needs an operator."""
    waiting = "SELECT count(*) FROM colonnade_outbox WHERE sent_at IS NULL"
    ended = ", ".join(f"'{phase}'" for phase in [*_ENDED, str(SagaPhase.NEEDS_OPERATOR)])
    running = f"SELECT count(*) FROM colonnade_sagas WHERE phase NOT IN ({ended})"  # noqa: S608
    query = f"SELECT ({waiting}) + ({running})"
    return all(rows(path, query) == [(0,)] for _, _, path in tenant_files(declared))


def is_quiet(world: World) -> bool:
    """Tell whether every event is handled and every saga has ended or needs an operator."""
    return world.broker.is_idle and is_worked_off(world.declared)


def expect_kept(world: World) -> None:
    """See `expect_effects`.

    Raises:
        Violation: naming the first event for which that does not hold.
    """
    runtimes = [process.runtime for process in world.processes]
    expect_effects(world.declared, consumers_of(runtimes))


def expect_effects(declared: Declared, consumers: Consumers) -> None:
    """Every event committed has exactly one effect per consumer; no dead letter was written.

    Raises:
        Violation: naming the first event for which that does not hold.
    """
    wanted: dict[str, dict[tuple[str, str], str]] = {}
    found: dict[str, Counter[tuple[str, str]]] = {}
    for _, tenant, path in tenant_files(declared):
        for event_id, kind in rows(path, "SELECT event_id, type FROM colonnade_outbox"):
            for consumer in consumers.get(str(kind), ()):
                key = (consumer, str(UUID(str(event_id))))
                wanted.setdefault(tenant, {})[key] = str(kind)
        found.setdefault(tenant, Counter()).update(_effects(path))
        letters = rows(path, "SELECT consumer, error FROM colonnade_dead_letters")
        if letters:
            raise Violation(f"{tenant}: {len(letters)} dead letters, the first: {letters[0]}")
    for tenant, effects_by_key in found.items():
        _compare(tenant, wanted.get(tenant, {}), effects_by_key)


def _effects(path: Path) -> Counter[tuple[str, str]]:
    if not rows(path, "SELECT 1 FROM sqlite_schema WHERE name = ?", TABLE):
        return Counter()
    effects = rows(path, f"SELECT consumer, event_id FROM {TABLE}")  # noqa: S608
    return Counter((str(consumer), str(event_id)) for consumer, event_id in effects)


def _compare(
    tenant: str, wanted: dict[tuple[str, str], str], found: Counter[tuple[str, str]]
) -> None:
    for key, kind in wanted.items():
        if found[key] != 1:
            consumer, event_id = key
            raise Violation(
                f"{tenant}: {kind} {event_id} has {found[key]} effects on {consumer}, not one."
            )
    for consumer, event_id in found.keys() - wanted.keys():
        raise Violation(f"{tenant}: {consumer} handled {event_id}, which nobody published.")
