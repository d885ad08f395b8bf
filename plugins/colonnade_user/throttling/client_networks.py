"""Networks of clients: the addresses that a provider gives to one subscriber."""

from ipaddress import IPv6Address, ip_address, ip_network

IPV6_PREFIX = 64
"""Bits of an IPv6 address that one subscriber cannot choose (RFC 6177 §2)."""


def network_of(address: str) -> str:
    """Network of an address: one IPv4 address, or 64 bits of an IPv6 one; empty when invalid."""
    try:
        found = ip_address(address.partition("%")[0])
    except ValueError:
        return ""
    if isinstance(found, IPv6Address):
        mapped = found.ipv4_mapped
        if mapped is None:
            return str(ip_network((int(found), IPV6_PREFIX), strict=False))
        return str(mapped)
    return str(found)
