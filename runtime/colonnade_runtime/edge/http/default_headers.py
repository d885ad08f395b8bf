"""Default headers: on every answer of routes, errors, health, documents and the gateway."""

from litestar import Litestar
from litestar.routes import HTTPRoute
from litestar.types import HTTPScope, Message, Send

Pair = tuple[bytes, bytes]

NO_SNIFFING: Pair = (b"x-content-type-options", b"nosniff")
"""Header that keeps browsers from guessing types (Fetch, §3.6)."""

VARIES: Pair = (b"vary", b"Authorization, X-Tenant")
"""Request headers that answers depend on (RFC 9110 §12.5.5)."""

REVALIDATED: Pair = (b"cache-control", b"private, no-cache")
"""An answer to one reader: kept by nobody in between, and asked for again (RFC 9111 §5.2.2)."""

NOT_KEPT: Pair = (b"cache-control", b"no-store")
"""An error, or an answer to something that was done: it says nothing of the next."""

EVERY_METHOD = b"GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS"

_NAMES = frozenset({NO_SNIFFING[0], VARIES[0], REVALIDATED[0]})
_READING = frozenset({"GET", "HEAD"})


def with_default_headers(scope: HTTPScope, send: Send) -> Send:
    """`send`, with what is missing added to the head of the answer."""
    reading = scope["method"] in _READING

    async def sending(message: Message) -> None:
        if message["type"] == "http.response.start":
            kept = REVALIDATED if reading and message["status"] < 400 else NOT_KEPT
            message["headers"] = completed(list(message["headers"]), kept)
        await send(message)

    return sending


def completed(headers: list[Pair], cache_control: Pair) -> list[Pair]:
    """The headers with what is missing; those that were completed before come back at once."""
    if headers and headers[0] is NO_SNIFFING:
        return headers
    present = {name for name, _ in headers}
    if b"allow" in present:
        headers = [(name, _with_head(name, value)) for name, value in headers]
    if present.isdisjoint(_NAMES):
        # The common case: nothing was said of it, and nothing is looked for twice.
        return [NO_SNIFFING, VARIES, cache_control, *headers]
    if NO_SNIFFING[0] not in present:
        headers.append(NO_SNIFFING)
    if VARIES not in headers:
        headers.append(VARIES)
    if cache_control[0] not in present:
        headers.append(cache_control)
    return headers


def _with_head(name: bytes, value: bytes) -> bytes:
    """Every GET takes HEAD, although no route says so."""
    methods = [each.strip() for each in value.split(b",")]
    if name != b"allow" or b"GET" not in methods or b"HEAD" in methods:
        return value
    return value.replace(b"GET", b"GET, HEAD")


class RouteMethods:
    """The methods of each path, for OPTIONS.

    The framework makes its answer when the first handler of a path is registered, and leaves out
    those of all later ones.
    """

    def __init__(self, application: Litestar) -> None:
        self._allowed = {
            route.path_format: ", ".join(sorted(route.methods)).encode()
            for route in application.routes
            if isinstance(route, HTTPRoute)
        }

    def telling(self, scope: HTTPScope, send: Send) -> Send:
        """`send`, whose `Allow` names them all."""

        async def sending(message: Message) -> None:
            allowed = self._allowed.get(scope.get("path_template", ""))
            if message["type"] == "http.response.start" and allowed is not None:
                others = [pair for pair in message["headers"] if pair[0] != b"allow"]
                message["headers"] = [*others, (b"allow", allowed)]
            await send(message)

        return sending


async def answer_options(send: Send, allow: bytes) -> None:
    """Say which methods there are (RFC 9110 §9.3.7)."""
    await send({"type": "http.response.start", "status": 204, "headers": [(b"allow", allow)]})
    await send({"type": "http.response.body", "body": b"", "more_body": False})
