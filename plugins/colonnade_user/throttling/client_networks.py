"""The network of a client: what its provider gives to one household, school or machine."""

from ipaddress import IPv6Address, ip_address, ip_network

IPV6_PREFIX = 64
"""Bits of an IPv6 address that one subscriber cannot choose (RFC 6177 §2)."""


def network_of(address: str) -> str:
    """One IPv4 address, or 64 bits of an IPv6 one; the empty text when there is none."""
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
