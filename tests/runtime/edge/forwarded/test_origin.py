"""The client's address: read from the nearest hop on, as far as hops are trusted."""

import time
from ipaddress import ip_network
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from colonnade_runtime.edge.forwarded.origin import Origin, TrustedProxies
from colonnade_runtime.edge.forwarded.seal import Seal
from colonnade_runtime.network.addresses import masked_address

PROXIES = TrustedProxies([ip_network("10.0.0.0/8"), ip_network("2001:db8::/32")])
PROXY = "10.0.0.1"
SEAL = Seal(b"k" * 32)


def origin(
    *headers: tuple[str, str], peer: str = PROXY, proxies: TrustedProxies = PROXIES
) -> Origin:
    raw = [(name.encode(), value.encode("latin-1")) for name, value in headers]
    scope: dict[str, Any] = {"client": (peer, 1), "scheme": "http", "headers": raw}
    return proxies.origin(scope, dict(reversed(raw)), "request-1")


@pytest.mark.parametrize(
    ("value", "client"),
    [
        ("for=203.0.113.7", "203.0.113.7"),
        ("For=203.0.113.7;Proto=https", "203.0.113.7"),
        ('for="203.0.113.7:4711"', "203.0.113.7"),
        ('for="[2001:4860::1]:4711"', "2001:4860::1"),
        ('for="[::ffff:203.0.113.7]"', "203.0.113.7"),
        ("for=198.51.100.1, for=203.0.113.7, for=10.9.9.9", "203.0.113.7"),
        ("for=10.1.1.1, for=10.2.2.2", "10.1.1.1"),
        ("for=203.0.113.7, , ", "203.0.113.7"),
        # What is malformed ends the way, and what lies beyond it is nobody's word.
        ("for=203.0.113.7, for=10.0.0.999", PROXY),
        ("for=203.0.113.7, for=unknown", PROXY),
        ("for=203.0.113.7, for=_hidden", PROXY),
        ("for=203.0.113.7, nonsense", PROXY),
        ("for=203.0.113.7;for=198.51.100.1", PROXY),
        ('for="203.0.113.7', PROXY),
        ("for=203.0.113.7\x00", PROXY),
        ("", PROXY),
        # A quote that a client opens swallows nothing that a proxy appends.
        ('for="x, for=203.0.113.7', "203.0.113.7"),
        ('for="\\, for="[2001:4860::1]"', "2001:4860::1"),
    ],
)
def test_forwarded_is_followed_from_the_right(value: str, client: str) -> None:
    assert origin(("forwarded", value)).client == client


@pytest.mark.parametrize(
    ("value", "client"),
    [
        ("203.0.113.7", "203.0.113.7"),
        ("198.51.100.1, 203.0.113.7", "203.0.113.7"),
        ("198.51.100.1, 203.0.113.7,10.1.1.1", "203.0.113.7"),
        ("203.0.113.7:4711", "203.0.113.7"),
        ("2001:4860::1", "2001:4860::1"),
        ("[2001:4860::1]:80", "2001:4860::1"),
        ("203.0.113.7, fe80::1%eth0", PROXY),
        ("203.0.113.7, unknown", PROXY),
        ("203.0.113.7, 10.1.1.1 10.1.1.1", PROXY),
        ("1" * 100_000, PROXY),
        ("203.0.113.7" + ", 10.0.0.2" * 5000, "10.0.0.2"),
    ],
)
def test_x_forwarded_for_is_followed_from_the_right(value: str, client: str) -> None:
    assert origin(("x-forwarded-for", value)).client == client


def test_lines_of_one_header_are_one_list() -> None:
    lines = [("x-forwarded-for", "198.51.100.1"), ("x-forwarded-for", "203.0.113.7")]
    assert origin(*lines).client == "203.0.113.7"


def test_a_peer_that_is_not_trusted_says_nothing_of_anybody_else() -> None:
    said = [("forwarded", "for=198.51.100.1;proto=https;host=evil.example")]
    assert origin(*said, peer="203.0.113.7") == Origin("203.0.113.7")
    said = [("x-forwarded-for", "198.51.100.1"), ("x-forwarded-proto", "https")]
    assert origin(*said, peer="203.0.113.7") == Origin("203.0.113.7")
    assert origin(*said, proxies=TrustedProxies()) == Origin(PROXY)


def test_forwarded_wins_and_nothing_of_the_others_is_mixed_in() -> None:
    others = [
        ("x-forwarded-for", "198.51.100.1"),
        ("x-forwarded-proto", "https"),
        ("x-forwarded-host", "globex.example"),
    ]
    assert origin(("forwarded", "for=203.0.113.7"), *others) == Origin("203.0.113.7")
    assert origin(("forwarded", "for=nonsense"), *others) == Origin(PROXY)
    assert origin(*others) == Origin("198.51.100.1", "https", "globex.example")


def test_scheme_and_host_are_what_the_outermost_trusted_proxy_said() -> None:
    value = "for=1.1.1.1;host=evil.example, for=203.0.113.7;proto=https;host=acme.example, "
    found = origin(("forwarded", value + "for=10.1.1.1;proto=http;host=inner"))
    assert found == Origin("203.0.113.7", "https", "acme.example")


@pytest.mark.parametrize("proto", ["javascript", "https:", "", "http\x01"])
@pytest.mark.parametrize("host", ["a/b", "user@acme.example", "a b", "[::1", "acme:99x", '"', "é"])
def test_a_scheme_or_host_that_is_none_is_not_believed(proto: str, host: str) -> None:
    assert origin(("x-forwarded-proto", proto), ("x-forwarded-host", host)) == Origin(PROXY)


@given(st.sampled_from(["forwarded", "x-forwarded-for", "x-forwarded-host"]), st.data())
def test_no_value_raises_or_makes_more_of_a_peer_than_an_address(
    name: str, data: st.DataObject
) -> None:
    text = st.text(st.characters(max_codepoint=255), max_size=60)
    parts = st.sampled_from(['for="', "for=10.0.0.1", ",", ";", '"', "[::1]", "\\", "203.0.113.7"])
    value = "".join(data.draw(st.lists(parts | text, max_size=12)))
    found = origin((name, value))
    assert masked_address(found.client, "network")
    assert found.scheme == "http"


def test_the_process_in_front_is_believed_by_its_seal_and_no_other_is() -> None:
    inner = TrustedProxies(seal=SEAL)
    said = Origin("2001:4860::1", "https", "acme.example:8443")
    sealed = said.sealed(SEAL, "request-1")
    assert origin(("forwarded", sealed), proxies=inner) == said
    own = Origin(PROXY)
    changed = sealed.replace("2001:4860::1", "2001:4860::2")
    assert origin(("forwarded", changed), proxies=inner) == own
    assert origin(("forwarded", said.sealed(SEAL, "request-2")), proxies=inner) == own
    assert origin(("forwarded", said.sealed(Seal(b"o" * 32), "request-1")), proxies=inner) == own
    assert origin(("forwarded", sealed), ("forwarded", "for=1.1.1.1"), proxies=inner) == own


def test_a_seal_does_not_outlive_its_minute(monkeypatch: pytest.MonkeyPatch) -> None:
    sealed = Origin("203.0.113.7").sealed(SEAL, "request-1")
    now = time.time()
    monkeypatch.setattr(time, "time", lambda: now + 62)
    assert origin(("forwarded", sealed), proxies=TrustedProxies(seal=SEAL)) == Origin(PROXY)


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("203.0.113.7", "203.0.113.0/24"),
        ("2001:db8:1:2::3", "2001:db8:1::/48"),
        ("::ffff:203.0.113.7", "203.0.113.0/24"),
        ("", ""),
        ("unix:", ""),
    ],
)
def test_a_masked_address_is_its_network(address: str, network: str) -> None:
    assert masked_address(address, "network") == network
    assert masked_address(address, "full") == address
    assert masked_address(address, "none") == ""


def test_a_peer_without_an_address_is_nobody() -> None:
    scope: dict[str, Any] = {"client": None, "headers": []}
    assert TrustedProxies().origin(scope, {}, "request-1") == Origin("")
