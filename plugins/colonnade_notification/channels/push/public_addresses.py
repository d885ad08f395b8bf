"""Public IP addresses and names, by the registries of IANA and not by a Python's age.

Sources: IANA IPv4 Special-Purpose Address Registry and IPv6 Special-Purpose Address Registry (RFC
6890, RFC 8190; the latter as updated on 2025-10-09), Special-Use Domain Names (RFC 6761), read in
November 2025. Nothing in them is somebody's server on the internet, also where packets get
through; `ipaddress.is_global` knows what was registered when Python was released, and whatever it
refuses is refused here. Of IPv6 only what was ever given out counts, so that the blocks outside
of 2000::/3 (`64:ff9b:1::/48`, `100::/64`, `100:0:0:1::/64`, `5f00::/16`, `fc00::/7`, `fe80::/10`)
need no line of their own.
"""

import ipaddress
from typing import TypeAlias

Address: TypeAlias = ipaddress.IPv4Address | ipaddress.IPv6Address

_SPECIAL_IPV4 = tuple(
    ipaddress.IPv4Network(each)
    for each in (
        "0.0.0.0/8",  # this network (RFC 791)
        "10.0.0.0/8",  # private (RFC 1918)
        "100.64.0.0/10",  # shared with a carrier (RFC 6598)
        "127.0.0.0/8",  # this machine (RFC 1122)
        "169.254.0.0/16",  # link-local, and metadata services (RFC 3927)
        "172.16.0.0/12",  # private (RFC 1918)
        "192.0.0.0/24",  # IETF protocols (RFC 6890)
        "192.0.2.0/24",  # documentation (RFC 5737)
        "192.31.196.0/24",  # AS112 (RFC 7535)
        "192.52.193.0/24",  # AMT (RFC 7450)
        "192.88.99.0/24",  # 6to4 relays (RFC 7526)
        "192.168.0.0/16",  # private (RFC 1918)
        "192.175.48.0/24",  # AS112 (RFC 7534)
        "198.18.0.0/15",  # benchmarking (RFC 2544)
        "198.51.100.0/24",  # documentation (RFC 5737)
        "203.0.113.0/24",  # documentation (RFC 5737)
        "224.0.0.0/4",  # multicast (RFC 5771)
        "240.0.0.0/4",  # reserved, and broadcast (RFC 1112)
    )
)
_UNICAST = ipaddress.IPv6Network("2000::/3")
"""All of IPv6 that was ever given out (RFC 4291 §2.4)."""

_SPECIAL_IPV6 = tuple(
    ipaddress.IPv6Network(each)
    for each in (
        "2001::/23",  # IETF protocols: Teredo, benchmarking, ORCHID, … (RFC 2928)
        "2001:db8::/32",  # documentation (RFC 3849)
        "2002::/16",  # 6to4, whose relays are no more (RFC 3056, RFC 7526)
        "2620:4f:8000::/48",  # AS112 (RFC 7534)
        "3fff::/20",  # documentation (RFC 9637)
    )
)
_TRANSLATED = ipaddress.IPv6Network("64:ff9b::/96")
"""IPv4 behind a translator (RFC 6052): what a resolver with DNS64 answers."""

_PRIVATE_NAMES = (
    *("alt", "corp", "home", "home.arpa", "internal", "intranet", "invalid", "lan", "local"),
    *("localdomain", "localhost", "onion", "private", "test"),
)


def is_public(address: Address) -> bool:
    """True for an address on the internet, not this machine, a neighbour or a metadata service;
    addresses that embed another are judged by that one."""
    if isinstance(address, ipaddress.IPv4Address):
        return not any(address in network for network in _SPECIAL_IPV4)
    inner = _embedded(address)
    if inner is not None:
        return is_public(inner)
    return address in _UNICAST and not any(address in network for network in _SPECIAL_IPV6)


def is_public_name(host: str) -> bool:
    """True for a host whose name may be on the internet. Nothing is looked up."""
    name = host.rstrip(".").lower()
    try:
        return is_public(ipaddress.ip_address(name))
    except ValueError:
        pass
    return "." in name and not f".{name}".endswith(tuple(f".{each}" for each in _PRIVATE_NAMES))


def _embedded(address: ipaddress.IPv6Address) -> ipaddress.IPv4Address | None:
    if address in _TRANSLATED:
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped
