"""Where the processes of a platform are: what each hosts, and where it listens."""

from collections.abc import Iterator
from dataclasses import dataclass

from colonnade.errors import ConfigurationError
from colonnade_runtime.declaration.platform import Platform, ProcessSection
from colonnade_runtime.declaration.problems import closest

EVERYTHING = "main"
"""The process that hosts all services, when none is named."""

FRONT = "gateway"
"""The process in front of the others: it hosts nothing and forwards."""

RESERVED = {
    FRONT: "the process in front of the others",
    "administrator": "the user who sets the bus up",
}
"""Names that no declared process may have."""


@dataclass(frozen=True, slots=True)
class Place:
    """One process that runs: `replica` counts from 1."""

    process: str
    replica: int
    services: tuple[str, ...]
    host: str
    port: int
    replicas: int = 1
    """How many host the same services, this one included."""

    @property
    def name(self) -> str:
        """What it is called among all that run; the same over its restarts."""
        return self.process if self.replica == 1 else f"{self.process}-{self.replica}"

    @property
    def url(self) -> str:
        """Where its HTTP answers."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"http://{host}:{self.port}"


def places(platform: Platform) -> list[Place]:
    """Every declared process and replica, in order, with a port each.

    A process without a port of its own takes the next one after `gateway.port` that no other says
    for itself; its replicas take those that follow its first. A port of 0 is a free one.
    """
    sections = platform.processes.values()
    taken = {port for each in sections for port in _ports(each.gateway.port, each.replicas)}
    found: list[Place] = []
    following = platform.gateway.port + 1 if platform.gateway.port else 0
    for name, section in platform.processes.items():
        port = section.gateway.port
        if port is None:
            while taken.intersection(_ports(following, section.replicas)):
                following += 1
            port = following
            following += section.replicas if following else 0
        found += _replicas(platform, name, section, port)
    return found


def place_of(platform: Platform, process: str | None, replica: int = 1) -> Place:
    """The place of one process; without a name, of one that hosts everything.

    Raises:
        ConfigurationError: when no such process or replica is declared.
    """
    gateway = platform.gateway
    if process is None:
        return Place(EVERYTHING, 1, platform.enabled_services, gateway.host, gateway.port)
    if process == FRONT and platform.processes:
        return Place(FRONT, 1, (), gateway.host, gateway.port)
    for place in places(platform):
        if (place.process, place.replica) == (process, replica):
            return place
    raise ConfigurationError(_unknown(platform, process, replica))


def _ports(first: int | None, count: int) -> range:
    return range(first, first + count) if first else range(0)


def _replicas(platform: Platform, name: str, section: ProcessSection, port: int) -> Iterator[Place]:
    host, count = section.gateway.host or platform.gateway.host, section.replicas
    for replica in range(1, count + 1):
        mine = port + replica - 1 if port else 0
        yield Place(name, replica, section.services, host, mine, count)


def _unknown(platform: Platform, process: str, replica: int) -> str:
    if process in platform.processes:
        count = platform.processes[process].replicas
        return f"The process '{process}' has {count} replicas; there is no {replica}."
    if not platform.processes:
        return "The platform declares no 'processes'; 'colonnade run' starts everything here."
    near = closest(process, platform.processes)
    hint = f" (did you mean '{near}'?)" if near else ""
    declared = ", ".join([*platform.processes, FRONT])
    return f"There is no process '{process}'{hint}; there are {declared}."
