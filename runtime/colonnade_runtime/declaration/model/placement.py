"""Placement of a platform's processes: the services and the address of each."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from colonnade.errors import ConfigurationError
from colonnade_runtime.declaration.model.platform import Platform, ProcessSection
from colonnade_runtime.declaration.yaml.problems import closest

EVERYTHING = "main"
"""The process that hosts all services, when none is named."""

GATEWAY = "gateway"
"""The process in front of the others: it hosts nothing and forwards."""

RESERVED = {
    EVERYTHING: "the process that hosts everything where none is declared",
    GATEWAY: "the process in front of the others",
    "administrator": "the user who sets the bus up",
}
"""Names that no declared process may have."""


@dataclass(frozen=True, slots=True)
class Placement:
    """One process that runs: `replica` counts from 1."""

    process: str
    replica: int
    services: tuple[str, ...]
    host: str
    port: int
    replicas: int = 1
    """Number of replicas that host the same services, this one included."""
    health_host: str = ""
    health_port: int | None = None
    """Port of a listener for health alone; None without one."""
    host_key: str = "gateway.host"
    health_host_key: str = "gateway.host"
    """The keys that say the hosts, or would."""

    @property
    def name(self) -> str:
        """Name among all running processes; the same over restarts."""
        return self.process if self.replica == 1 else f"{self.process}-{self.replica}"

    @property
    def url(self) -> str:
        """Base URL of its HTTP listener."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"http://{host}:{self.port}"


def placements(platform: Platform) -> list[Placement]:
    """Every declared process and replica, in order, with a port each.

    A process without a port of its own takes the next one after `gateway.port` that no other says
    for itself; its replicas take those that follow its first. A port of 0 is a free one.
    """
    gateway = platform.gateway
    requests = {name: each.gateway.port for name, each in platform.processes.items()}
    health = {name: each.health.port for name, each in platform.processes.items()}
    ports = _first_ports(platform, requests, gateway.port)
    health_ports = _first_ports(platform, health, gateway.health.port)
    return [
        place
        for name, section in platform.processes.items()
        for place in _replicas(platform, name, section, ports[name] or 0, health_ports[name])
    ]


def _first_ports(
    platform: Platform, said: Mapping[str, int | None], before: int | None
) -> dict[str, int | None]:
    """The first port of each process: its own, else the next after `before` that is nobody's."""
    counts = {name: each.replicas for name, each in platform.processes.items()}
    taken = {port for name, first in said.items() for port in _ports(first, counts[name])}
    found: dict[str, int | None] = {}
    following = before + 1 if before else before
    for name, port in said.items():
        if port is not None:
            found[name] = port
            continue
        while following and taken.intersection(_ports(following, counts[name])):
            following += 1
        found[name] = following
        if following:
            following += counts[name]
    return found


def placement_of(platform: Platform, process: str | None, replica: int = 1) -> Placement:
    """The place of one process; without a name, of one that hosts everything.

    Raises:
        ConfigurationError: when no such process or replica is declared.
    """
    if process is None:
        return _alone(platform, EVERYTHING, platform.enabled_services)
    if process == GATEWAY and platform.processes:
        return _alone(platform, GATEWAY, ())
    for place in placements(platform):
        if (place.process, place.replica) == (process, replica):
            return place
    raise ConfigurationError(_unknown(platform, process, replica))


def _ports(first: int | None, count: int) -> range:
    return range(first, first + count) if first else range(0)


def _alone(platform: Platform, name: str, services: tuple[str, ...]) -> Placement:
    gateway = platform.gateway
    health = gateway.health
    host = health.host or gateway.host
    key = "gateway.health.host" if health.host else "gateway.host"
    return Placement(
        name, 1, services, gateway.host, gateway.port, 1, host, health.port, health_host_key=key
    )


def _replicas(
    platform: Platform, name: str, section: ProcessSection, port: int, health: int | None
) -> Iterator[Placement]:
    host, count = section.gateway.host or platform.gateway.host, section.replicas
    asked = section.health.host or platform.gateway.health.host or host
    for replica in range(1, count + 1):
        mine = port + replica - 1 if port else 0
        where = health + replica - 1 if health else health
        yield Placement(
            name, replica, section.services, host, mine, count, asked, where, *_keys(platform, name)
        )


def _keys(platform: Platform, name: str) -> tuple[str, str]:
    """The keys that say where a process listens, and where its health does."""
    section = platform.processes[name]
    host = f"processes.{name}.gateway.host" if section.gateway.host else "gateway.host"
    if section.health.host:
        return host, f"processes.{name}.health.host"
    return host, "gateway.health.host" if platform.gateway.health.host else host


def _unknown(platform: Platform, process: str, replica: int) -> str:
    if process in platform.processes:
        count = platform.processes[process].replicas
        return f"The process '{process}' has {count} replicas; there is no {replica}."
    if not platform.processes:
        return "The platform declares no 'processes'; 'colonnade run' starts everything here."
    near = closest(process, platform.processes)
    hint = f" (did you mean '{near}'?)" if near else ""
    declared = ", ".join([*platform.processes, GATEWAY])
    return f"There is no process '{process}'{hint}; there are {declared}."
