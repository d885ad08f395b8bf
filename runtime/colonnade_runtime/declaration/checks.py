"""Checks of one key against another, over a whole platform.

They read the plain data and pass over what is malformed, so that a wrong type in one place
does not hide a wrong name in another.
"""

from collections.abc import Iterator
from typing import Any

from colonnade_runtime.declaration.cross_origin import PLAIN
from colonnade_runtime.declaration.model.placement import RESERVED, placements
from colonnade_runtime.declaration.model.platform import Platform
from colonnade_runtime.declaration.model.web_origins import is_plain
from colonnade_runtime.declaration.open_files import missing_files, needed_files
from colonnade_runtime.declaration.outline import PlatformOutline
from colonnade_runtime.declaration.yaml.problems import Problem, closest
from colonnade_runtime.declaration.yaml.source import PlatformSource
from colonnade_runtime.declaration.yaml.tree import Path, dotted, find, matching

_MUST_SAY_IN_PRODUCTION: dict[Path, str] = {
    ("gateway", "host"): "where to listen, such as 0.0.0.0",
    ("gateway", "domain"): "the domain below which tenants answer",
    ("gateway", "health", "port"): "where health is asked: a port that your monitoring reaches",
    ("stores", "default"): "where data is kept",
    ("bus",): "what carries messages; 'memory:' is enough for one process",
}


def check_platform(source: PlatformSource, outline: PlatformOutline) -> Iterator[Problem]:
    """Every contradiction in the platform that `source` holds."""
    yield from _folders(source, outline)
    yield from _placement(source, outline)
    yield from _stores(source, outline)
    if outline.environment == "production":
        yield from _production(source)


def check_valid_platform(source: PlatformSource, platform: Platform) -> Iterator[Problem]:
    """Check keys against each other that can be compared once both are valid."""
    if platform.shutdown.drain > platform.shutdown.total:
        yield _problem(source, ("shutdown", "drain"), "is longer than 'shutdown.total'")
    connections = platform.gateway.connections
    if connections.per_address is not None and connections.per_address > connections.maximum:
        message = f"is more than 'gateway.connections.maximum', which is {connections.maximum}"
        yield _problem(source, ("gateway", "connections", "per_address"), message)
    health = ("gateway", "health", "port")
    is_said = find(source.tree, *health) is not None
    if platform.is_production and is_said and platform.gateway.health.port is None:
        yield _problem(source, health, "production must say a port, or 0 for a free one")
    if platform.is_production and platform.gateway.domain == "localhost":
        yield _problem(source, ("gateway", "domain"), "cannot be localhost in production")
    if platform.is_production and platform.bus.scheme != "memory" and platform.signing_key is None:
        message = "production must say it, since the bus leaves the process; write {secret: …}"
        yield _problem(source, ("signing_key",), message)
    if platform.bus.scheme == "memory" and len(placements(platform)) > 1:
        message = "'memory:' reaches one process only, and 'processes' has more; name a server"
        yield _problem(source, ("bus",), message)
    if platform.tenants.editable and not platform.tenants.watch:
        message = "takes 'tenants.watch: true': other processes learn of a change by the file"
        yield _problem(source, ("tenants", "editable"), message)
    for index, origin in enumerate(platform.gateway.cors.origins):
        if platform.is_production and is_plain(origin):
            yield _problem(source, ("gateway", "cors", "origins", index), PLAIN)
    yield from _addresses(source, platform)
    yield from _open_files(source, platform)


def _open_files(source: PlatformSource, platform: Platform) -> Iterator[Problem]:
    connections = platform.gateway.connections.maximum
    problem = missing_files(needed_files(connections, forwarding=len(placements(platform)) > 1))
    if problem is not None:
        yield _problem(source, ("gateway", "connections", "maximum"), problem)


def _addresses(source: PlatformSource, platform: Platform) -> Iterator[Problem]:
    front = platform.gateway
    taken = {(front.host, front.port): "the gateway"}
    if front.health.port:
        host = front.health.host or front.host
        holder = taken.setdefault((host, front.health.port), "health")
        if holder != "health":
            message = f"is where {holder} listens; say another"
            yield _problem(source, ("gateway", "health", "port"), message)
    for place in placements(platform):
        listens = {"gateway": (place.host, place.port, f"'{place.name}'")}
        health = f"the health of '{place.name}'"
        listens["health"] = (place.health_host, place.health_port or 0, health)
        for key, (host, port, mine) in listens.items():
            holder = taken.setdefault((host, port), mine)
            if port and holder != mine:
                message = f"{mine} would listen on {port} as {holder} does; say another"
                yield _problem(source, ("processes", place.process, key, "port"), message)


def _problem(
    source: PlatformSource, path: Path, message: str, suggestion: str | None = None
) -> Problem:
    node = matching(source.tree, path)[1]
    return Problem.at(node.place, dotted(path), message, suggestion)


def _folders(source: PlatformSource, outline: PlatformOutline) -> Iterator[Problem]:
    wanted = {"tenants": outline.tenants_folder, "policy": outline.policies_folder}
    for section, folder in wanted.items():
        if not isinstance(source.data.get(section, {}), dict):
            continue
        if not (outline.root / folder).is_dir():
            message = f"there is no folder '{folder}' beside the platform file; make it"
            yield _problem(source, (section, "folder"), message)


def _placement(source: PlatformSource, outline: PlatformOutline) -> Iterator[Problem]:
    processes = source.data.get("processes")
    if not isinstance(processes, dict) or not processes:
        return
    hosts: dict[str, str] = {}
    for process, section in processes.items():
        if process in RESERVED:
            message = f"is the name of {RESERVED[process]}; call the process something else"
            yield _problem(source, ("processes", process), message)
        for index, service in enumerate(_list(section, "services")):
            path = ("processes", process, "services", index)
            yield from _placed(source, outline, path, service, hosts)
            hosts.setdefault(service, process)
    for service in outline.enabled_services:
        if service not in hosts:
            message = "is in no process; add it to one under 'processes'"
            place = matching(source.tree, ("services", service))[2]
            yield Problem.at(place, dotted(("services", service)), message)


def _placed(
    source: PlatformSource,
    outline: PlatformOutline,
    path: Path,
    service: str,
    hosts: dict[str, str],
) -> Iterator[Problem]:
    enabled = outline.enabled_services
    if service not in enabled:
        message = f"'{service}' is not an enabled service of this platform"
        yield _problem(source, path, message, closest(service, enabled))
    elif service in hosts:
        message = f"'{service}' is in the process '{hosts[service]}' already; it can have one"
        yield _problem(source, path, message)


def _list(section: Any, key: str) -> list[str]:
    values = section.get(key) if isinstance(section, dict) else None
    return [value for value in values if isinstance(value, str)] if isinstance(values, list) else []


def _stores(source: PlatformSource, outline: PlatformOutline) -> Iterator[Problem]:
    stores = source.data.get("stores")
    if not isinstance(stores, dict):
        return
    known = ["default", *(service.name for service in outline.services)]
    for name in stores:
        if name not in known:
            path: Path = ("stores", name)
            place = matching(source.tree, path)[2]
            message = "is neither 'default' nor a service of this platform"
            yield Problem.at(place, dotted(path), message, closest(name, known))


def _production(source: PlatformSource) -> Iterator[Problem]:
    for path, what in _MUST_SAY_IN_PRODUCTION.items():
        if find(source.tree, *path) is None:
            place = matching(source.tree, path)[2]
            yield Problem.at(place, dotted(path), f"production must say {what}")
