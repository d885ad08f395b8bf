"""Network addresses as text: one form for each, and less of it where a log may not say all."""

import re
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import Literal

Address = IPv4Address | IPv6Address
Shown = Literal["full", "network", "none"]

NETWORK_BITS = {4: 24, 6: 48}
"""Bits that stay of an address of each version when only its network is shown."""

# RFC 7239 §6: an IPv6 address stands in brackets where a port may follow.
_NODE = re.compile(
    r"(?:\[(?P<six>[0-9A-Fa-f:.]+)\]|(?P<four>[0-9.]+))(?::(?:[0-9]{1,5}|_[A-Za-z0-9._-]+))?\Z"
)
_LONGEST = 64


def address_of(text: str) -> Address | None:
    """The address that `text` is; an IPv4 address within IPv6 is that IPv4 address."""
    try:
        found = ip_address(text)
    except ValueError:
        return None
    if isinstance(found, IPv6Address):
        if found.ipv4_mapped is not None:
            return found.ipv4_mapped
        if found.scope_id is not None:
            # Which of this machine's own interfaces it was is no part of who it is.
            return IPv6Address(int(found))
    return found


def node_address(text: str) -> Address | None:
    """The address of a node of RFC 7239 §6 or `X-Forwarded-For`, its port left out; nothing for
    `unknown`, a hidden name, and what is no node at all."""
    return None if len(text) > _LONGEST or "%" in text else _node_address(text)


@lru_cache(maxsize=4096)
def _node_address(text: str) -> Address | None:
    match = _NODE.match(text)
    return address_of(text if match is None else match["six"] or match["four"])


@lru_cache(maxsize=4096)
def masked_address(address: str, shown: Shown) -> str:
    """Client's address for a log: all of it, its network (`203.0.113.0/24`, `2001:db8:1::/48`), or
    nothing. Text that is no address is never shown as a network."""
    if shown == "none":
        return ""
    if shown == "full":
        return address
    found = address_of(address)
    if found is None:
        return ""
    return str(ip_network((found, NETWORK_BITS[found.version]), strict=False))
