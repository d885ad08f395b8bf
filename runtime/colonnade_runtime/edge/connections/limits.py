"""The bounds that a process keeps on its connections, as its declaration says them."""

from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network, ip_address

from colonnade_runtime.declaration.model.platform import GatewaySection
from colonnade_runtime.edge.connections.body_time import BodyTime

Network = IPv4Network | IPv6Network


@dataclass(frozen=True, slots=True)
class ConnectionLimits:
    """Numbers of connections, and seconds. `per_address` holds for nobody in `exempt`."""

    maximum: int = 4096
    per_address: int = 1024
    head: float = 10.0
    idle: float = 75.0
    answer: float = 30.0
    exempt: Sequence[Network] = ()

    def is_exempt(self, address: str) -> bool:
        """True for addresses without a limit of their own: this machine, and trusted proxies."""
        try:
            found = ip_address(address)
        except ValueError:
            return False
        return found.is_loopback or any(found in network for network in self.exempt)


def connection_limits(gateway: GatewaySection, *, behind: bool = False) -> ConnectionLimits:
    """The limits that `gateway` declares; `behind` the gateway all come from it."""
    section = gateway.connections
    quarter = max(1, section.maximum // 4)
    per_address = section.maximum if behind else section.per_address or quarter
    return ConnectionLimits(
        section.maximum,
        per_address,
        float(section.head),
        float(section.idle),
        float(section.answer),
        gateway.trusted_proxies,
    )


def body_time(gateway: GatewaySection) -> BodyTime:
    """The time that `gateway` declares for bodies."""
    section = gateway.connections
    return BodyTime(float(section.body), int(section.minimum_rate))
