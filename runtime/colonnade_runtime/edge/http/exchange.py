"""One HTTP request and its answer, on their way through the edge."""

import re
import secrets
import time

from litestar.types import HTTPScope, Message, Send

from colonnade.context import Context
from colonnade.identifiers import new_id
from colonnade_runtime.edge.forwarded.origin import Origin, TrustedProxies
from colonnade_runtime.edge.http.caller_header import caller_header
from colonnade_runtime.edge.http.hot_reads import Response
from colonnade_runtime.edge.http.unread_body import UnreadBody

DECIDING = frozenset({b"authorization", b"host", b"x-tenant"})
"""Headers that say for whom and for which academy a request is; each may stand once."""

_TRACEPARENT = re.compile(r"00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}\Z")
_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{8,64}\Z")


class Exchange:
    """One request and what was sent in answer; called as the ASGI `send`."""

    __slots__ = (
        "_has_body",
        "_send",
        "_traceparent",
        "added_headers",
        "body",
        "caller",
        "context",
        "headers",
        "is_ambiguous",
        "lacks_host",
        "origin",
        "request_id",
        "route",
        "sent_headers",
        "started",
        "status",
        "tells_caller",
        "unread",
    )

    def __init__(self, scope: HTTPScope, send: Send, proxies: TrustedProxies) -> None:
        self.started = time.perf_counter()
        given = list(scope["headers"])
        # Where a header is given twice, the first counts.
        self.headers = dict(reversed(given))
        self.is_ambiguous = len(self.headers) != len(given) and _repeats_deciding(given)
        # RFC 9112 §3.2: 1.1 has to name it; the server shows an absent one as an empty one.
        self.lacks_host = not self.headers.get(b"host") and scope["http_version"] == "1.1"
        self._has_body = scope["method"] != "HEAD"
        self.request_id = request_id_of(self.headers.get(b"x-request-id"))
        self.origin: Origin = proxies.origin(scope, self.headers, self.request_id)
        self.context: Context | None = None
        self.caller: tuple[str, str] | None = None
        self.tells_caller = False
        self.status = 0
        self.route = ""
        self.sent_headers: list[tuple[bytes, bytes]] = []
        self.body = b""
        self.added_headers: list[tuple[bytes, bytes]] = []
        self.unread: UnreadBody | None = None
        self._send = send
        self._traceparent = ""

    @property
    def traceparent(self) -> str:
        """The caller's trace, or a new one, with a span of its own (W3C Trace Context §3.2)."""
        if not self._traceparent:
            self._traceparent = _traceparent(self.headers.get(b"traceparent"))
        return self._traceparent

    async def __call__(self, message: Message) -> None:
        """Send, with the request's id among the headers."""
        if message["type"] == "http.response.start":
            self.status = message["status"]
            if self.unread is not None and self.status >= 400:
                await self.unread.drain()
                if self.unread.is_broken:
                    message["headers"] = [*message["headers"], (b"connection", b"close")]
            self.sent_headers = list(message["headers"])
            identification = (b"x-request-id", self.request_id.encode())
            added = [identification]
            if self.tells_caller and self.context is not None:
                added.append(caller_header(self.context))
            message["headers"] = [*self.sent_headers, *added, *self.added_headers]
        elif message["type"] == "http.response.body":
            if not message["more_body"]:
                self.body = message["body"]
            if not self._has_body:
                # The head is that of a GET, its length included (RFC 9110 §9.3.2).
                message["body"] = b""
        await self._send(message)

    async def respond(self, response: Response) -> None:
        """Send a response that is complete."""
        status, headers, body, _ = response
        await self({"type": "http.response.start", "status": status, "headers": headers})
        await self({"type": "http.response.body", "body": body, "more_body": False})

    def let_go(self) -> None:
        """Hold the server's side of the exchange no more; see `TimedBody.let_go`."""
        self._send = _gone
        self.unread = None

    def sent(self) -> Response:
        """Status and size of the answer, without the request's id."""
        return Response(self.status, self.sent_headers, self.body)


async def _gone(message: Message) -> None:
    """Drop what is sent after the end."""


def _repeats_deciding(headers: list[tuple[bytes, bytes]]) -> bool:
    names = [name for name, _ in headers if name in DECIDING]
    return len(names) != len(set(names))


def request_id_of(given: bytes | None) -> str:
    """The id that a request brings, when it is fit to be one; else a new one."""
    if given is not None:
        text = given.decode("latin-1")
        if _REQUEST_ID.match(text):
            return text
    return new_id().hex


def _traceparent(given: bytes | None) -> str:
    span = secrets.token_hex(8)
    if given is not None:
        text = given.decode("latin-1")
        if _TRACEPARENT.match(text):
            return f"{text[:36]}{span}{text[52:]}"
    return f"00-{secrets.token_hex(16)}-{span}-00"
