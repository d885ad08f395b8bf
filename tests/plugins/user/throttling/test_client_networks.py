"""One household is one network, however many addresses it may choose from."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from colonnade_user.throttling.client_networks import network_of


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("203.0.113.7", "203.0.113.7"),
        ("::ffff:203.0.113.7", "203.0.113.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("", ""),
        ("somewhere", ""),
        ("203.0.113.7:80", ""),
    ],
)
def test_a_network_is_an_ipv4_address_or_half_an_ipv6_one(address: str, network: str) -> None:
    assert network_of(address) == network


@given(st.integers(0, 2**64 - 1))
def test_every_address_of_a_subscriber_is_one_network(interface: int) -> None:
    groups = [f"{interface >> shift & 0xFFFF:x}" for shift in (48, 32, 16, 0)]

    assert network_of("2001:db8:1:2:" + ":".join(groups)) == "2001:db8:1:2::/64"


@given(st.text(max_size=60))
def test_any_text_is_a_network_or_none(text: str) -> None:
    assert isinstance(network_of(text), str)
