"""Networks of proxies as a declaration may write them, and those that hold strangers."""

from collections.abc import Iterable, Iterator
from ipaddress import IPv4Network, IPv6Network, ip_interface, ip_network
from typing import Annotated

from pydantic import BeforeValidator, IPvAnyNetwork

_SHORTEST = {4: 8, 6: 16}
"""Bits of the prefix of the largest network that one operator has."""

_UNIQUE_LOCAL = IPv6Network("fc00::/7")
"""RFC 4193: nobody's on the internet, however short its prefix."""


def _strict(value: object) -> object:
    if isinstance(value, IPv4Network | IPv6Network):
        return value
    if not isinstance(value, str):
        # A number would be an address nobody meant: 1 is 0.0.0.1.
        raise ValueError("must be an address or a network in quotes, as '192.0.2.7' or 'fd00::/8'")
    try:
        ip_network(value)
    except ValueError:
        _refuse_host_bits(value)
    return value


def _refuse_host_bits(value: str) -> None:
    try:
        network = ip_interface(value).network
    except ValueError:
        return
    raise ValueError(f"has bits set beyond its prefix; write {network} for the whole network")


ProxyNetwork = Annotated[IPvAnyNetwork, BeforeValidator(_strict)]
"""An address, or a network whose bits beyond the prefix are 0."""


def networks_of_strangers(
    networks: Iterable[IPv4Network | IPv6Network],
) -> Iterator[tuple[int, str]]:
    """The position of each network too large for proxies alone, with a sentence on what follows."""
    for index, network in enumerate(networks):
        is_ours = isinstance(network, IPv6Network) and network.subnet_of(_UNIQUE_LOCAL)
        if network.prefixlen < _SHORTEST[network.version] and not is_ours:
            yield (
                index,
                (
                    f"{network} holds addresses of strangers: whoever asks from one may claim any"
                    " address, host and scheme in headers; name the networks of your proxies alone"
                ),
            )
