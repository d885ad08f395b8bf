"""Cross-origin requests (Fetch, §3.2): pages of other origins that may read what is answered.

No cookie says who somebody is here, so credentials mode `include` is never allowed: a page sends
the token that it was given, and no page can send another's.
"""

from collections.abc import Mapping

from colonnade.errors import InvalidRequest
from colonnade_runtime.declaration import LoadedPlatform
from colonnade_runtime.edge.http.default_headers import EVERY_METHOD, Pair
from colonnade_runtime.edge.http.exchange import Exchange
from colonnade_runtime.edge.http.hot_reads import Response
from colonnade_runtime.network.host_header import host_name

VARIES: Pair = (b"vary", b"Origin")
"""Answers differ by origin also where none was sent (Fetch, §3.2.5)."""

PREFLIGHT_SECONDS = 600
"""Time for which a browser keeps the answer to a preflight."""

TAKEN = (
    b"Authorization, Content-Type, Idempotency-Key, If-Match, If-Modified-Since, If-None-Match, "
    b"If-Range, If-Unmodified-Since, Range, Baggage, Traceparent, Tracestate, X-Request-Id, "
    b"X-Tenant"
)
"""Request headers that pages may send beside those that all may."""

SHOWN = (
    b"Accept-Ranges, Allow, Content-Disposition, Content-Range, ETag, Link, Location, RateLimit, "
    b"RateLimit-Policy, Retry-After, WWW-Authenticate, X-Request-Id"
)
"""Headers of answers that pages may read beside those that all may."""

_ORIGIN = b"access-control-allow-origin"
_ASKED = b"access-control-request-method"


class CrossOrigin:
    """Origins that are let in, by academy.

    `own` are those of academies that say which; the others have those of the platform, `origins`.
    """

    def __init__(
        self,
        origins: frozenset[bytes],
        own: Mapping[str, frozenset[bytes]],
        hosts: Mapping[str, str],
    ) -> None:
        self._origins = origins
        self._own = own
        self._hosts = hosts
        self._any = origins.union(*own.values())

    @classmethod
    def of(cls, loaded: LoadedPlatform) -> "CrossOrigin | None":
        """The origins of a declaration; None where nobody lets any in."""
        gateway, tenants = loaded.platform.gateway, loaded.tenants
        origins = _encoded(gateway.cors.origins)
        own = {
            name: _encoded(tenant.cors.origins)
            for name, tenant in tenants.items()
            if tenant.cors.origins is not None
        }
        if not origins and not any(own.values()):
            return None
        hosts = {f"{name}.{gateway.domain}": name for name in tenants}
        for name, tenant in tenants.items():
            hosts.update(dict.fromkeys(tenant.domains, name))
        return cls(origins, own, hosts)

    def headers(self, exchange: Exchange) -> list[Pair]:
        """The headers that an answer gets beside its own."""
        origin = exchange.headers.get(b"origin")
        if origin is None or origin not in self._allowed(exchange):
            return [VARIES]
        return [VARIES, (_ORIGIN, origin), (b"access-control-expose-headers", SHOWN)]

    def preflight(self, method: str, exchange: Exchange) -> Response | None:
        """The answer to a browser that asks before a page's request; nothing when none asks, or a
        page that is not let in: then it is answered like any `OPTIONS`."""
        if method != "OPTIONS" or _ASKED not in exchange.headers:
            return None
        # Which academy a page means by X-Tenant, a preflight does not say.
        if exchange.headers.get(b"origin") not in self._allowed(exchange, preflight=True):
            return None
        headers = [
            (b"access-control-allow-methods", EVERY_METHOD),
            (b"access-control-allow-headers", TAKEN),
            (b"access-control-max-age", str(PREFLIGHT_SECONDS).encode()),
        ]
        if _ORIGIN not in {name for name, _ in exchange.added_headers}:
            headers.append((_ORIGIN, exchange.headers[b"origin"]))
        return Response(204, headers, b"")

    def _allowed(self, exchange: Exchange, *, preflight: bool = False) -> frozenset[bytes]:
        tenant = self._hosts.get(_host(exchange))
        if tenant is None and preflight:
            return self._any
        if tenant is None:
            tenant = exchange.headers.get(b"x-tenant", b"").decode("latin-1")
        return self._own.get(tenant, self._origins)


def _host(exchange: Exchange) -> str:
    host = exchange.origin.host or exchange.headers.get(b"host", b"").decode("latin-1")
    try:
        return host_name(host)
    except InvalidRequest:
        return ""


def _encoded(origins: tuple[str, ...]) -> frozenset[bytes]:
    return frozenset(origin.encode() for origin in origins)
