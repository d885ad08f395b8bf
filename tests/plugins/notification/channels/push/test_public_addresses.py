"""Public addresses: what Python calls private is refused, and what embeds it."""

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from colonnade_notification.channels.push.public_addresses import is_public, is_public_name


@given(st.ip_addresses(v=4))
def test_an_address_inside_another_is_judged_like_it(address: ipaddress.IPv4Address) -> None:
    number = int(address)
    mapped = ipaddress.IPv6Address((0xFFFF << 32) + number)
    translated = ipaddress.IPv6Address((0x64FF9B << 96) + number)
    for wrapped in (mapped, translated):
        assert is_public(wrapped) == is_public(address), wrapped


EDGES = [
    block[position] + beyond
    for block in (
        *ipaddress._IPv4Constants._private_networks,  # type: ignore[attr-defined]
        *ipaddress._IPv6Constants._private_networks,  # type: ignore[attr-defined]
    )
    for position, beyond in ((0, -1), (0, 0), (-1, 0), (-1, 1))
    if 0 <= int(block[position]) + beyond < 2**block.max_prefixlen
]
"""Both ends of all that this Python knows as private, and what is next to them."""


@given(st.one_of(st.sampled_from(EDGES), st.ip_addresses(v=4), st.ip_addresses(v=6)))
def test_nothing_is_public_that_python_knows_not_to_be(
    address: ipaddress.IPv4Address | ipaddress.IPv6Address,
) -> None:
    mapped = getattr(address, "ipv4_mapped", None)
    if is_public(address):
        assert (mapped or address).is_global
        assert not (mapped or address).is_multicast


@pytest.mark.parametrize(
    "network",
    ["127.0.0.0/8", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "169.254.0.0/16",
     "100.64.0.0/10", "0.0.0.0/8", "224.0.0.0/4", "240.0.0.0/4", "::1/128", "fe80::/10",
     "fc00::/7", "ff00::/8", "::/128", "192.0.0.0/24", "192.0.2.0/24", "192.31.196.0/24",
     "192.52.193.0/24", "192.88.99.0/24", "192.175.48.0/24", "198.18.0.0/15", "198.51.100.0/24",
     "203.0.113.0/24", "64:ff9b:1::/48", "100::/64", "100:0:0:1::/64", "2001::/23",
     "2001:2::/48", "2001:10::/28", "2001:20::/28", "2001:30::/28", "2001:db8::/32",
     "2002::/16", "2002:808:808::/48",
     "2620:4f:8000::/48", "3fff::/20", "5f00::/16", "fec0::/10", "::7f00:0/104", "4000::/3"],
)  # fmt: skip
def test_no_address_of_a_private_network_is_public(network: str) -> None:
    block = ipaddress.ip_network(network)
    assert not is_public(block[0])
    assert not is_public(block[-1])


@pytest.mark.parametrize(
    "address", ["8.8.8.8", "93.184.215.14", "192.0.1.1", "2606:4700::1111", "2a00:1450::1"]
)
def test_an_address_on_the_internet_is_public(address: str) -> None:
    assert is_public(ipaddress.ip_address(address))


@pytest.mark.parametrize(
    "host",
    [*("localhost", "a.localhost", "a.localhost.", "LOCALHOST", "printer", "2130706433"),
     *("a.local", "metadata.google.internal", "router.home.arpa", "nas.lan", "x.test", "x.onion"),
     *("127.0.0.1", "::1", "::ffff:10.0.0.1", "fe80::1%eth0", "64:ff9b::a00:1", "")],
)  # fmt: skip
def test_no_name_of_a_private_network_is_public(host: str) -> None:
    assert not is_public_name(host)


@pytest.mark.parametrize(
    "host", ["push.example", "fcm.googleapis.com", "locals.example.", "1.1.1.1"]
)
def test_a_name_on_the_internet_is_public(host: str) -> None:
    assert is_public_name(host)
