"""The client of a request, and how it asked, found out of what trusted proxies say."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from ipaddress import IPv4Network, IPv6Network
from typing import Any

from colonnade_runtime.edge.forwarded.elements import element_of, last_first, written
from colonnade_runtime.edge.forwarded.seal import Seal
from colonnade_runtime.network.addresses import address_of, node_address
from colonnade_runtime.network.host_header import is_host

Headers = Iterable[tuple[bytes, bytes]]

FORWARDED = b"forwarded"
FORWARDED_FOR = b"x-forwarded-for"
FORWARDED_HOST = b"x-forwarded-host"
FORWARDED_PROTO = b"x-forwarded-proto"

NAMES = frozenset({FORWARDED, FORWARDED_FOR, FORWARDED_HOST, FORWARDED_PROTO})
"""The headers in which proxies say for whom they ask."""

_SCHEMES = frozenset({"http", "https"})


@dataclass(frozen=True, slots=True)
class Origin:
    """Origin of a request: client address, scheme and host.

    `client` is a network address without a port, empty when there is none to know. `host` is the
    one that the client asked for, as a proxy says; empty when none says it.
    """

    client: str
    scheme: str = "http"
    host: str = ""

    def sealed(self, seal: Seal, request_id: str) -> str:
        """The value of `Forwarded` with which the gateway hands it on."""
        node = f"[{self.client}]" if ":" in self.client else self.client or "unknown"
        said = {"for": node, "proto": self.scheme}
        if self.host:
            said["host"] = self.host
        return written(seal.sealed(said, request_id))


class TrustedProxies:
    """Believes what proxies in some networks say of their clients, and what the gateway
    has sealed, and nothing else."""

    def __init__(
        self, networks: Sequence[IPv4Network | IPv6Network] = (), seal: Seal | None = None
    ) -> None:
        self._networks = networks
        self._seal = seal
        self._peer = lru_cache(maxsize=4096)(self._peer_uncached)

    def origin(
        self, scope: Mapping[str, Any], headers: Mapping[bytes, bytes], request_id: str
    ) -> Origin:
        """The origin of the request of an ASGI `scope`, whose `headers` are by name as well."""
        peer = scope.get("client")
        direct, trusted = self._peer(peer[0] if peer else "", scope.get("scheme", "http"))
        if self._seal is not None and FORWARDED in headers:
            handed_on = self._handed_on(self._seal, scope["headers"], request_id)
            if handed_on is not None:
                return handed_on
        if not trusted or NAMES.isdisjoint(headers):
            return direct
        if FORWARDED in headers:
            return self._by_forwarded(direct, _joined(scope["headers"], FORWARDED))
        return self._by_convention(direct, scope["headers"])

    def _peer_uncached(self, peer: str, scheme: str) -> tuple[Origin, bool]:
        address = address_of(peer)
        if address is None:
            return Origin("", scheme), False
        return Origin(str(address), scheme), self._trusts(str(address))

    def _trusts(self, text: str) -> bool:
        address = address_of(text)
        return address is not None and any(address in network for network in self._networks)

    def _handed_on(self, seal: Seal, headers: Headers, request_id: str) -> Origin | None:
        said = element_of(_joined(headers, FORWARDED))
        if said is None or not seal.holds(said, request_id):
            return None
        client = node_address(said["for"])
        return Origin("" if client is None else str(client), said["proto"], said.get("host", ""))

    def _by_forwarded(self, found: Origin, value: str) -> Origin:
        """Walk the hops towards the client for as long as the hop that speaks is trusted."""
        for text in last_first(value):
            said = element_of(text)
            if said is None:
                return found
            found = _told(found, said.get("proto", ""), said.get("host", ""))
            client = node_address(said.get("for", ""))
            if client is None:
                return found
            found = replace(found, client=str(client))
            if not self._trusts(found.client):
                return found
        return found

    def _by_convention(self, found: Origin, headers: Headers) -> Origin:
        """The last values of scheme and host are the nearest proxy's; others may be anybody's."""
        scheme = next(last_first(_joined(headers, FORWARDED_PROTO)), "")
        host = next(last_first(_joined(headers, FORWARDED_HOST)), "")
        found = _told(found, scheme, host)
        for text in last_first(_joined(headers, FORWARDED_FOR)):
            client = node_address(text)
            if client is None:
                return found
            found = replace(found, client=str(client))
            if not self._trusts(found.client):
                return found
        return found


def _told(found: Origin, scheme: str, host: str) -> Origin:
    return Origin(
        found.client,
        scheme.lower() if scheme.lower() in _SCHEMES else found.scheme,
        host if is_host(host) else found.host,
    )


def _joined(headers: Headers, wanted: bytes) -> str:
    """All lines of one header as one (RFC 9110 §5.3)."""
    return ",".join(value.decode("latin-1") for name, value in headers if name == wanted)
