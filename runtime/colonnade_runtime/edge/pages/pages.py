"""Paths that people, browsers and crawlers ask on the host of an academy."""

from collections.abc import Callable, Mapping

from colonnade.errors import ColonnadeError, Forbidden, InvalidRequest
from colonnade.services import TenantInfo
from colonnade_runtime.calls.tenants import TenantDirectory
from colonnade_runtime.declaration import LoadedPlatform
from colonnade_runtime.edge.http.exchange import Exchange
from colonnade_runtime.edge.http.hot_reads import Response
from colonnade_runtime.edge.openapi.documents import asked_for, complete_response
from colonnade_runtime.edge.pages.colours import colour_of
from colonnade_runtime.edge.pages.icon import icon
from colonnade_runtime.edge.pages.start_page import academy_page, closed_page, platform_page

START, ICON, ROBOTS = "/", "/favicon.ico", "/robots.txt"

_ROBOTS_TEXT = b"User-agent: *\nDisallow: /api/\nDisallow: /docs\nDisallow: /openapi.json\n"

_KEPT = {"cache-control": "public, max-age=86400"}


class Pages:
    """The start page, the icon and `robots.txt`, for the academy of the host."""

    def __init__(self, tenants: TenantDirectory, *, docs: bool) -> None:
        self._tenants = tenants
        self._docs = docs
        self._makers: Mapping[str, Callable[[TenantInfo | None], Response]] = {
            START: self._start,
            ICON: self._icon,
            ROBOTS: lambda tenant: complete_response(_ROBOTS_TEXT, "text/plain", _KEPT),
        }

    def answer(self, path: str, method: str, exchange: Exchange) -> Response | None:
        """The page at `path`; nothing when there is none.

        Raises:
            InvalidRequest: the host is none, or contradicts `X-Tenant`.
            MethodNotAllowed: it is not asked for with GET or HEAD.
        """
        maker = self._makers.get(path)
        if maker is None:
            return None
        try:
            page = maker(self._tenant(exchange))
        except InvalidRequest:
            raise
        except ColonnadeError as error:
            if path != START:
                raise
            page = _closed(error)
        return asked_for(page, method, exchange.headers)._replace(route=path)

    def _tenant(self, exchange: Exchange) -> TenantInfo | None:
        """The academy that is asked; none on a host that is nobody's.

        Raises:
            ColonnadeError: it is not there, or suspended.
        """
        if exchange.is_ambiguous or exchange.lacks_host:
            raise InvalidRequest("Host and X-Tenant may each stand once, and Host has to.")
        headers = exchange.headers
        host = headers.get(b"host", b"").decode("latin-1")
        named = headers.get(b"x-tenant")
        header = None if named is None else named.decode("latin-1")
        if header is None and not self._tenants.is_named(host, exchange.origin.host):
            return None
        return self._tenants.resolve(host, header, exchange.origin.host).info

    def _start(self, tenant: TenantInfo | None) -> Response:
        if tenant is None:
            return _page(*platform_page(docs=self._docs))
        return _page(*academy_page(tenant, docs=self._docs))

    def _icon(self, tenant: TenantInfo | None) -> Response:
        declared = None if tenant is None else tenant.branding.get("primary_color")
        # Another academy's on the same address is told by X-Tenant, which `Vary` names.
        return complete_response(icon(colour_of(declared)), "image/x-icon", {})


def pages_of(loaded: LoadedPlatform) -> Pages:
    """The pages of a declaration, for a process that knows nothing of the academies beside it."""
    gateway = loaded.platform.gateway
    return Pages(TenantDirectory(loaded.tenants, gateway.domain, gateway.port), docs=gateway.docs)


def _closed(error: ColonnadeError) -> Response:
    page = _page(*closed_page("suspended" if isinstance(error, Forbidden) else "missing"))
    return page._replace(status=error.status)


def _page(body: bytes, policy: str) -> Response:
    more = {"content-security-policy": policy, "referrer-policy": "no-referrer"}
    return complete_response(body, "text/html; charset=utf-8", more)
